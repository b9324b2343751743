"""The schema: models, migrations and the queue's vendored SQL say the same."""

from __future__ import annotations

import asyncpg
import procrastinate.schema
from alembic import command
from alembic.script import ScriptDirectory

from reelwright.db.database import create_engine
from reelwright.db.migrate import configuration, current_revision, newest_revision, upgrade
from reelwright.resources import folder


async def test_models_and_migrations_agree(database_url: str) -> None:
    """`alembic check` finds nothing to generate."""
    engine = create_engine(database_url, application_name="tests")
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(configuration(sync)))
    await engine.dispose()


async def test_every_revision_downgrades_and_upgrades_again(database_url: str) -> None:
    """One by one to nothing, and back to the newest."""
    engine = create_engine(database_url, application_name="tests")
    script = ScriptDirectory.from_config(configuration())
    for revision in script.walk_revisions():
        target = revision.down_revision or "base"
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync, to=target: command.downgrade(configuration(sync), to))
        assert await current_revision(engine) == revision.down_revision
    left = await asyncpg.connect(database_url)
    assert await left.fetchval("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") <= 2
    assert await left.fetchval("SELECT count(*) FROM pg_type WHERE typname ~ '^(job|variant|procrastinate)_'") == 0
    await left.close()
    await upgrade(engine)
    assert await current_revision(engine) == newest_revision()
    await engine.dispose()


def test_the_vendored_queue_schema_is_the_installed_release_s() -> None:
    """A release of the queue that changes its schema fails here until a revision brings the change."""
    vendored = (folder("migrations") / "sql" / "procrastinate_3.10.0.sql").read_text()
    assert procrastinate.schema.SchemaManager.get_schema() == vendored
    newest = max(path.name for path in procrastinate.schema.migrations_path.glob("*.sql"))
    assert newest == "03.04.00_50_post_add_retry_failed_job_procedure.sql"

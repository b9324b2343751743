"""Migrations run while the release before them does: what they may not do, and what they do with a table in use."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright.db.connection_pool import create_engine
from reelwright.db.migrate import _LOCK, configuration, upgrade
from reelwright.db.revisions import current_revision, known_revisions, newest_revision
from reelwright.db.unusable import DatabaseUnusable
from reelwright.release import RELEASE
from tests.conftest import execute, in_database
from tests.support.schema_diff import Shape, faults

PREVIOUS, BASELINE = "0003", "0004"
"""The rule holds for what follows: before it, nobody ran a release in production."""

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def engine(server_url: str) -> AsyncIterator[AsyncEngine]:
    """To a database at the baseline."""
    name = f"migrations_{uuid.uuid4().hex[:12]}"
    await execute(server_url, f"CREATE DATABASE {name}")
    made = create_engine(in_database(server_url, name), application_name="tests")
    await upgrade(made, BASELINE)
    yield made
    await made.dispose()
    await execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, asyncpg.Connection)
        yield driver


async def shape(engine: AsyncEngine) -> Shape:
    async with connected(engine) as connection:
        return await Shape.of(connection)


async def test_no_migration_breaks_or_stops_the_release_before_it(engine: AsyncEngine) -> None:
    """Each after the baseline is applied and looked at. What one removes it lists as `retired`, with the release that
    was the first not to use it: an earlier one than this."""
    script = ScriptDirectory.from_config(configuration())
    after = [found for found in script.walk_revisions(BASELINE, "head") if found.revision != BASELINE]
    for revision in reversed(after):
        before = await shape(engine)
        await upgrade(engine, revision.revision)
        retired: dict[str, str] = getattr(revision.module, "retired", {})
        assert RELEASE not in retired.values()
        concurrently = "concurrently" in Path(revision.path).read_text().lower()
        wrong = faults(before, await shape(engine), concurrently=concurrently, retired=frozenset(retired))
        assert wrong == [], revision.path
    assert await current_revision(engine) == newest_revision()


def test_the_revisions_are_those_that_alembic_finds() -> None:
    script = ScriptDirectory.from_config(configuration())
    assert known_revisions() == {found.revision for found in script.walk_revisions()}
    assert newest_revision() == script.get_current_head()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("ALTER TABLE jobs DROP COLUMN speed", "jobs.speed is gone"),
        ("ALTER TABLE jobs RENAME COLUMN speed TO pace", "jobs.speed is gone"),
        ("ALTER TABLE storages RENAME TO roots", "storages is gone"),
        ("DROP FUNCTION procrastinate_unlink_periodic_defers_v1 CASCADE", "procrastinate_unlink_periodic"),
        ("ALTER TABLE jobs ADD COLUMN cost integer NOT NULL", "jobs.cost is new and NOT NULL"),
        ("ALTER TABLE jobs ALTER COLUMN stage SET NOT NULL", "jobs.stage has become NOT NULL"),
        ("ALTER TABLE jobs ALTER COLUMN progress TYPE integer", "jobs.progress was smallint and is integer"),
        ("ALTER TABLE jobs ADD COLUMN code uuid NOT NULL DEFAULT gen_random_uuid()", "jobs was written anew"),
        ("CREATE INDEX ix_jobs_worker ON jobs (worker)", "ix_jobs_worker was made while jobs"),
        ("ALTER TABLE files ADD CONSTRAINT ck_files_whole CHECK (size_bytes > 0)", "ck_files_whole read all of files"),
    ],
)
async def test_the_guard_sees_what_is_forbidden(engine: AsyncEngine, statement: str, fault: str) -> None:
    """Each of these would break the release that still runs, or stop it for as long as the table is large."""
    before = await shape(engine)
    async with connected(engine) as connection:
        await connection.execute(statement)
    (found,) = [one for one in faults(before, await shape(engine), concurrently=False) if fault in one]
    assert found
    assert faults(before, before, concurrently=False) == []


async def test_the_guard_lets_pass_what_is_harmless(engine: AsyncEngine) -> None:
    """New tables, columns with a constant default, checks for new rows, labels, and removals that are declared."""
    before = await shape(engine)
    async with connected(engine) as connection:
        await connection.execute(
            "CREATE TABLE notes (id int PRIMARY KEY, job_id uuid REFERENCES jobs); "
            "CREATE INDEX ON notes (job_id);"
            "ALTER TABLE jobs ADD COLUMN cost integer NOT NULL DEFAULT 0;"
            "ALTER TABLE files ADD CONSTRAINT ck_files_whole CHECK (size_bytes > 0) NOT VALID;"
            "ALTER TABLE jobs DROP COLUMN speed"
        )
        await connection.execute("ALTER TYPE file_role ADD VALUE 'subtitles'")
    assert faults(before, await shape(engine), concurrently=False, retired=frozenset({"jobs.speed"})) == []


@pytest.fixture
async def reader(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Driver]:
    """Somebody in a long transaction that has read the table which the migration to BASELINE changes."""
    monkeypatch.setattr("reelwright.db.migrate.LOCK_TIMEOUT_S", 0.2)
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), PREVIOUS))
    async with connected(engine) as connection:
        await connection.execute("BEGIN")
        await connection.fetch("SELECT * FROM assets")
        yield connection
        await connection.execute("ROLLBACK")


async def test_a_table_in_use_stops_the_migration_and_nobody_else(engine: AsyncEngine, reader: Driver) -> None:
    """It gives up, says which transaction is in its way and changes nothing; others read on, though that one stays."""
    refused = asyncio.create_task(upgrade(engine, BASELINE, pauses_s=()))
    async with connected(engine) as other:
        waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'assets'::regclass AND NOT granted"
        while not (await other.fetchval(waiting) or refused.done()):
            await asyncio.sleep(0)
        await other.fetch("SELECT * FROM assets")
    pid = await reader.fetchval("SELECT pg_backend_pid()")
    with pytest.raises(DatabaseUnusable, match=rf"process {pid} \(tests\), open for \d+ s.*`reelwright migrate`"):
        await refused
    assert await current_revision(engine) == PREVIOUS


async def test_a_migration_waits_for_another_one(engine: AsyncEngine) -> None:
    """Two processes that start at once: the second looks again when the first has ended, and has nothing to do."""
    async with connected(engine) as first:
        await first.execute(f"SELECT pg_advisory_lock({_LOCK})")
        second = asyncio.create_task(upgrade(engine))
        assert not (await asyncio.wait([second], timeout=0.3))[0]
        await first.execute(f"SELECT pg_advisory_unlock({_LOCK})")
        await second


async def test_a_migration_comes_again_when_the_table_is_free(
    engine: AsyncEngine, reader: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    """The pauses are long enough for usual work; each attempt is said."""
    migrating = asyncio.create_task(upgrade(engine, BASELINE, pauses_s=(0,) * 100))
    while "trying again" not in caplog.text:
        assert not migrating.done()
        await asyncio.sleep(0.01)
    await reader.execute("ROLLBACK")
    await migrating
    assert await current_revision(engine) == BASELINE

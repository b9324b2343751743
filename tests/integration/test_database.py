"""The schema: models, migrations and the queue's vendored SQL say the same."""

from __future__ import annotations

import asyncio
import logging
import uuid

import asyncpg
import procrastinate.schema
import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright.db.connection import connect, libpq_parameters
from reelwright.db.connection_pool import ANSWERED_S, create_engine
from reelwright.db.migrate import configuration, upgrade
from reelwright.db.outages import is_away
from reelwright.db.revisions import current_revision, newest_revision
from reelwright.db.sessions import Sessions, inside
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.jobs.after_commit import Transition, announce
from reelwright.packaged_folders import folder
from tests.support.job_database import World
from tests.support.proxy import Wire, wire


async def test_models_and_migrations_agree(database_url: str) -> None:
    """`alembic check` finds nothing to generate."""
    engine = create_engine(database_url, application_name="tests")
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(configuration(sync)))
    await engine.dispose()


def _downgrade(connection: Connection, target: str) -> None:
    command.downgrade(configuration(connection), target)


async def test_every_revision_downgrades_and_upgrades_again(database_url: str) -> None:
    """One by one to nothing, and back to the newest."""
    engine = create_engine(database_url, application_name="tests")
    script = ScriptDirectory.from_config(configuration())
    for revision in script.walk_revisions():
        target = revision.down_revision or "base"
        assert isinstance(target, str)
        async with engine.connect() as connection:
            await connection.run_sync(_downgrade, target)
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


TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'doomed' AND datname = current_database()"  # another test may run beside this one
)


async def _told_to_go(engine: AsyncEngine, line: Wire, database_url: str) -> None:
    """End the engine's sessions; their last word has come, the end of their connections is still under way."""
    line.hold_ends()
    before = line.passed_bytes
    over = await connect(database_url, application_name="tests")
    assert await over.fetchval(TERMINATE)
    await over.close()
    async with asyncio.timeout(10):
        while line.passed_bytes == before:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # the driver reads it in its own turn


@pytest.mark.parametrize("use", ["a while ago", "just now", "in a transaction"])
async def test_between_a_server_s_last_word_and_the_end_of_the_connection_it_is_away(
    database_url: str, use: str
) -> None:
    """A server that is killed says so first: whoever asks before the connection has ended finds the database away, or
    is given another connection, where that one was not used just now. The connection is used no more."""
    async with wire(database_url) as line:
        engine = create_engine(line.url, application_name="doomed", pool_size=1)
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            if use == "in a transaction":
                await _told_to_go(engine, line, database_url)
                with pytest.raises(Exception, match="another operation") as caught:
                    await connection.execute(text("SELECT 2"))
                assert is_away(caught.value)
        if use == "a while ago":
            await asyncio.sleep(ANSWERED_S)
            await _told_to_go(engine, line, database_url)
        elif use == "just now":
            async with engine.connect() as connection:  # which answers, and is given back just now
                await _told_to_go(engine, line, database_url)
            with pytest.raises(Exception, match="another operation") as caught:
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT 2"))
            assert is_away(caught.value)
        async with asyncio.timeout(1), engine.connect() as connection:
            assert await connection.scalar(text("SELECT 3")) == 3
        line.mend()
        await engine.dispose()


async def test_a_process_that_stands_still_amid_a_transaction_holds_nobody_up(database_url: str) -> None:
    """Whether its connection is one of the engine's or of the queue's: whoever waits for the row gets it while a
    statement may wait. When it goes on, it finds the database away, and the next connection well."""
    engine = create_engine(database_url, application_name="tests", pool_size=1)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("CREATE TABLE locked AS SELECT generate_series(1, 2) AS id")
        await connection.commit()
    lock = "UPDATE locked SET id = id WHERE id = {}"
    with psycopg.connect(make_conninfo(database_url, **libpq_parameters())) as queue:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(lock.format(1))
            queue.execute(lock.format(2))
            other = await connect(database_url, application_name="tests")
            await other.execute(lock.format("id"))
            await other.close()
            with pytest.raises(DBAPIError) as caught:
                await connection.exec_driver_sql("SELECT 1")
            assert is_away(caught.value)
        async with engine.connect() as connection:
            assert (await connection.exec_driver_sql("SELECT 1")).scalar() == 1
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            queue.execute("SELECT 1")
    await engine.dispose()


async def test_what_only_reads_begins_no_transaction(database_url: str) -> None:
    """Unless it takes part in a whole, of which it sees all; and whoever has the connection next has a transaction."""
    engine = create_engine(database_url, application_name="tests", pool_size=1)
    sessions = Sessions(engine)
    now = text("SELECT now()")
    async with sessions.single_statements() as session:
        assert await session.scalar(now) < await session.scalar(now)
    async with sessions() as session:
        assert await session.scalar(now) == await session.scalar(now)
    async with inside(sessions):
        async with sessions.begin() as session:
            await session.execute(text("INSERT INTO projects (id, name) VALUES (gen_random_uuid(), 'a part')"))
        async with sessions.single_statements() as session:
            assert await session.scalar(text("SELECT count(*) FROM projects WHERE name = 'a part'")) == 1
    async with sessions.single_statements() as session:
        assert await session.scalar(text("SELECT count(*) FROM projects WHERE name = 'a part'")) == 0
    await engine.dispose()


@pytest.mark.parametrize("end", ["committed", "given up", "alone"])
async def test_what_is_told_of_a_commit_waits_for_the_whole(
    world: World, caplog: pytest.LogCaptureFixture, end: str
) -> None:
    """A part's commit is none yet, and of what is rolled back nothing is told; what is no part is told at once."""

    async def part() -> list[str]:
        async with world.sessions.begin() as session:
            await session.execute(text("SELECT 1"))
            announce(session, Transition(uuid.uuid4(), JobType.TRIM, JobStatus.PENDING, message="a job is made"))
        return caplog.messages

    with caplog.at_level(logging.INFO, logger="reelwright.jobs.after_commit"):
        if end == "alone":
            assert await part() == ["a job is made"]
            return
        async with inside(world.sessions) as whole:
            assert await part() == []
            if end == "committed":
                await whole.commit()
        assert caplog.messages == (["a job is made"] if end == "committed" else [])


async def test_whoever_is_cancelled_while_the_first_connection_is_made_ends_so(database_url: str) -> None:
    """However far it has come: a connection is made, and looked at before it is the pool's."""
    for steps in range(60):
        engine = create_engine(database_url, application_name="tests", pool_size=1)

        async def asking(engine: AsyncEngine = engine) -> None:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT pg_sleep(60)"))

        task = asyncio.create_task(asking())
        await asyncio.sleep(steps / 1000)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await engine.dispose()


async def test_a_query_that_is_cancelled_ends_so(database_url: str) -> None:
    """Nothing that the engine does about it is raised instead: whoever goes on after errors would never end."""
    engine = create_engine(database_url, application_name="tests", pool_size=1)

    async def asking() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            begun.set()
            await connection.execute(text("SELECT pg_sleep(60)"))

    begun = asyncio.Event()
    task = asyncio.create_task(asking())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()

"""Who may do what in the schema `ops`: readers read, operators operate, and neither touches a table."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from reelwright.db.connection_pool import create_engine
from reelwright.db.migrate import upgrade
from reelwright.edits.kinds_and_states import JobStatus
from tests.conftest import execute, in_database
from tests.support.job_database import World
from tests.support.job_states import failed, started


def as_user(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:x@{parts.netloc.rpartition('@')[2]}"))


@asynccontextmanager
async def member(world: World, grant: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session of a role that got its rights by the function `grant`, through membership."""
    owner = await asyncpg.connect(world.url)
    group, name = (f"{kind}_{uuid.uuid4().hex[:8]}" for kind in ("group", "member"))
    await owner.execute(
        f"CREATE ROLE {group} NOLOGIN; SELECT ops.{grant}('{group}');"
        f"CREATE ROLE {name} LOGIN PASSWORD 'x'; GRANT {group} TO {name}"
    )
    session = await asyncpg.connect(as_user(world.url, name))
    try:
        yield session
    finally:
        await session.close()
        await owner.execute(f"DROP OWNED BY {group}; DROP ROLE {name}; DROP ROLE {group}")
        await owner.close()


FORBIDDEN = (
    "SELECT * FROM jobs",
    "SELECT * FROM procrastinate_jobs",
    "UPDATE jobs SET priority = 1",
    "UPDATE queues SET paused_at = now()",
    "UPDATE ops.failures SET message = 'x'",
    "DELETE FROM ops.failures",
    "DELETE FROM procrastinate_jobs",
    "SELECT procrastinate_cancel_job_v1(1, true, false)",
    "CREATE TABLE mine (x int)",
    "CREATE VIEW ops.mine AS SELECT 1",
    "SELECT ops.grant_read(current_user::regrole)",
)
OPERATIONS = (
    "SELECT ops.cancel('{job}')",
    "SELECT ops.requeue('{job}')",
    "SELECT ops.pause('render')",
    "SELECT ops.resume('render')",
)


async def test_a_reader_reads_the_views_and_can_do_nothing_else(world: World) -> None:
    """Neither a table below them nor a function that changes something."""
    job_id = await failed(world)
    async with member(world, "grant_read") as reader:
        views = await reader.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'ops'::regnamespace")
        for view in views:
            await reader.fetch(f"SELECT * FROM ops.{view['relname']}")
        assert len(views) > 9
        assert await reader.fetchval("SELECT job_id FROM ops.failures") == job_id
        for statement in (*FORBIDDEN, *(one.format(job=job_id) for one in OPERATIONS)):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(statement)


async def test_an_operator_does_what_the_functions_do_and_nothing_else(world: World) -> None:
    """Without any right to the tables that they write; what the session's search path offers is not looked at."""
    job_id = await started(world)
    async with member(world, "grant_operate") as operator:
        await operator.execute("CREATE TEMPORARY TABLE jobs (id uuid, status text)")
        await operator.execute("SET search_path = pg_temp, public")
        for statement in OPERATIONS:
            await operator.execute(statement.format(job=job_id))
        await operator.execute("DROP TABLE pg_temp.jobs; RESET search_path")
        for statement in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await operator.execute(statement)
    assert (await world.look(job_id)).status is JobStatus.PENDING
    assert [state for _, state, _ in await world.events(job_id)] == ["PENDING", "STARTED", "CANCELLED", "PENDING"]


async def test_an_owner_who_may_make_no_roles_migrates_and_grants(server_url: str) -> None:
    """As on a managed PostgreSQL: the role to grant to was made by somebody else."""
    owner, reader = (f"{kind}_{uuid.uuid4().hex[:8]}" for kind in ("owner", "reader"))
    await execute(server_url, f"CREATE ROLE {owner} LOGIN NOSUPERUSER NOCREATEROLE PASSWORD 'x'; CREATE ROLE {reader}")
    await execute(server_url, f"CREATE DATABASE {owner} OWNER {owner}")
    url = as_user(in_database(server_url, owner), owner)
    engine = create_engine(url, application_name="tests")
    await upgrade(engine)
    await engine.dispose()
    await execute(url, f"SELECT ops.grant_operate('{reader}'); SELECT ops.pause('render')")
    session = await asyncpg.connect(url)
    assert await session.fetchval("SELECT paused_by FROM ops.queues") == owner
    assert await session.fetchval("SELECT has_function_privilege($1, 'ops.resume(text)', 'EXECUTE')", reader)
    await session.close()
    await execute(server_url, f"DROP DATABASE {owner}")
    await execute(server_url, f"DROP ROLE {owner}, {reader}")

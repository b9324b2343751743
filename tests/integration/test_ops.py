"""What operators do by SQL (functions of the schema `ops`): the same as by the API; and queues that are paused."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import procrastinate.schema
import pytest
from alembic import command
from sqlalchemy import delete, insert, text

from reelwright.db.connection_pool import create_engine
from reelwright.db.migrate import configuration
from reelwright.db.models import File, Job, Queue, new_id
from reelwright.errors import Conflict, LeaseLost, NotFound, ReelwrightError
from reelwright.jobs import failed_attempts, fencing, job_events, lifecycle, queue_choice
from tests.support.job_database import World
from tests.support.job_states import FAILED, cancelled, failed, pending, postponed, started, succeeded


async def rows(operator: asyncpg.Connection[asyncpg.Record], job_id: uuid.UUID) -> str:
    """All that the database knows of a job, with ids and times reduced to their being there."""
    found = {
        "job": "SELECT to_jsonb(j) FROM jobs j WHERE id = $1",
        "events": "SELECT jsonb_agg(to_jsonb(e) ORDER BY seq) FROM job_events e WHERE job_id = $1",
        "entries": "SELECT jsonb_agg(to_jsonb(q) ORDER BY id) FROM procrastinate_jobs q"
        " WHERE args->>'job_id' = $1::uuid::text",
        "history": "SELECT jsonb_agg(e.type ORDER BY e.id) FROM procrastinate_events e"
        " JOIN procrastinate_jobs q ON q.id = e.job_id WHERE q.args->>'job_id' = $1::uuid::text",
        "waits": "SELECT coalesce(jsonb_agg(to_jsonb(w)), '[]') FROM job_waits w WHERE job_id = $1",
    }

    def reduced(value: Any) -> Any:
        if isinstance(value, dict):
            varies = ("id", "_id", "_at", "_until")
            return {name: bool(one) if name.endswith(varies) else reduced(one) for name, one in value.items()}
        return [reduced(one) for one in value] if isinstance(value, list) else value

    known = {name: reduced(json.loads(await operator.fetchval(query, job_id))) for name, query in found.items()}
    return json.dumps(known, indent=1, sort_keys=True)


@asynccontextmanager
async def heard(url: str, *channels: str) -> AsyncIterator[list[tuple[str, str]]]:
    """The notifications of the time within the block; complete after it."""
    listener = await asyncpg.connect(url)
    found: list[tuple[str, str]] = []
    last = asyncio.Event()
    for channel in channels:
        await listener.add_listener(channel, lambda _, __, name, payload: found.append((name, str(payload))))
    await listener.add_listener("last", lambda *_: last.set())
    yield found
    await listener.execute("NOTIFY last")
    await asyncio.wait_for(last.wait(), 10)
    await listener.close()


@pytest.mark.parametrize(
    ("state", "function", "transition"),
    [
        (pending, "cancel", lifecycle.cancel),
        (started, "cancel", lifecycle.cancel),
        (postponed, "cancel", lifecycle.cancel),
        (failed, "requeue", lifecycle.retry),
        (cancelled, "requeue", lifecycle.retry),
    ],
)
async def test_sql_leaves_the_rows_that_the_api_leaves(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    state: Callable[[World], Awaitable[uuid.UUID]],
    function: str,
    transition: Callable[..., Awaitable[Job]],
) -> None:
    """Job, events, queue entries and news: nobody can tell afterwards which way it was done."""
    by_api, by_sql = await state(world), await state(world)
    channels = (job_events.CHANNEL, "procrastinate_any_queue_v1", f"procrastinate_queue_v1#{queue_choice.WHOLE}")
    async with heard(world.url, *channels) as news_of_api:
        await world.do(transition, by_api)
    async with heard(world.url, *channels) as news_of_sql:
        answer = await operator.fetchval(f"SELECT ops.{function}($1)", by_sql)
    assert answer == (await world.look(by_sql)).status.value == (await world.look(by_api)).status.value
    assert await rows(operator, by_sql) == await rows(operator, by_api)
    assert (job_events.CHANNEL, str(by_sql)) in news_of_sql
    assert sorted(channel for channel, _ in news_of_sql) == sorted(channel for channel, _ in news_of_api)


@pytest.mark.parametrize(
    ("state", "function", "transition", "sentence"),
    [
        (pending, "requeue", lifecycle.retry, "is PENDING: only one that failed or was cancelled"),
        (started, "requeue", lifecycle.retry, "is STARTED: only one that failed or was cancelled"),
        (succeeded, "requeue", lifecycle.retry, "is SUCCESS: only one that failed or was cancelled"),
        (succeeded, "cancel", lifecycle.cancel, "has ended already: SUCCESS"),
        (failed, "cancel", lifecycle.cancel, "has ended already: FAILURE"),
        (cancelled, "cancel", lifecycle.cancel, "has ended already: CANCELLED"),
    ],
)
async def test_sql_refuses_what_the_api_refuses(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    state: Callable[[World], Awaitable[uuid.UUID]],
    function: str,
    transition: Callable[..., Awaitable[Job]],
    sentence: str,
) -> None:
    """With a sentence that says why, and nothing is changed."""
    job_id = await state(world)
    before = await rows(operator, job_id)
    with pytest.raises(Conflict):
        await world.do(transition, job_id)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match=sentence):
        await operator.execute(f"SELECT ops.{function}($1)", job_id)
    assert await rows(operator, job_id) == before


async def test_a_job_whose_input_was_deleted_is_not_queued_again(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """The API and SQL say so, and ops.failures says it before."""
    video_id, file_id = await world.video()
    job_id = (await world.do(world.create, video_id, file_id)).id
    await world.do(failed_attempts.fail, await world.claimed(job_id), FAILED)
    can_requeue = "SELECT can_requeue FROM ops.failures WHERE job_id = $1"
    assert await operator.fetchval(can_requeue, job_id) is True
    async with world.sessions.begin() as session:
        await session.execute(delete(File).where(File.id == file_id))
    with pytest.raises(ReelwrightError, match="was deleted"):
        await world.do(lifecycle.retry, job_id)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="was deleted"):
        await operator.execute("SELECT ops.requeue($1)", job_id)
    assert await operator.fetchval(can_requeue, job_id) is False


@pytest.mark.parametrize("function", ["cancel", "requeue"])
async def test_an_unknown_job_is_named(
    world: World, operator: asyncpg.Connection[asyncpg.Record], function: str
) -> None:
    """Not found is an error: a mistyped id does not look like success."""
    with pytest.raises(NotFound):
        await world.do(getattr(lifecycle, function, lifecycle.retry), new_id())
    with pytest.raises(asyncpg.NoDataFoundError, match=r"no such job: [0-9a-f-]{36}"):
        await operator.execute(f"SELECT ops.{function}($1)", new_id())


async def test_a_worker_that_lost_its_job_to_an_operator_writes_nothing_more(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Cancelled and queued again by SQL, the job is a new attempt's; the old one's writes are refused."""
    job_id = await world.job()
    old = await world.claimed(job_id)
    await operator.execute("SELECT ops.cancel($1)", job_id)
    with pytest.raises(LeaseLost):
        await world.do(fencing.renew, old, lease_s=60)
    await operator.execute("SELECT ops.requeue($1)", job_id)
    new = await world.claimed(job_id)
    assert new.attempt == old.attempt + 1
    with pytest.raises(LeaseLost):
        await world.publish(old, job_id)
    await world.publish(new, job_id)
    timeline = await operator.fetch("SELECT * FROM ops.job_timeline WHERE job_id = $1 ORDER BY seq", job_id)
    assert [(row["state"], row["attempt"]) for row in timeline] == [
        ("PENDING", 0),
        ("STARTED", 1),
        ("CANCELLED", 1),
        ("PENDING", 1),
        ("STARTED", 2),
        ("SUCCESS", 2),
    ]
    assert timeline[0]["after_s"] is None
    assert all(row["after_s"] >= 0 for row in timeline[1:])
    assert timeline[3]["remark"] == "retried"


async def fetched(operator: asyncpg.Connection[asyncpg.Record], *queues: str) -> str | None:
    """The queue of the entry that a worker of these queues (none: all) gets next."""
    worker_id = await operator.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
    taken: str | None = await operator.fetchval(
        "SELECT queue_name FROM procrastinate_fetch_job_v2($1::varchar[], $2)", list(queues) or None, worker_id
    )
    return taken


async def test_no_worker_gets_a_job_of_a_paused_queue(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Those of other queues it does, whatever waits before them; after the resume, all in their order."""
    async with world.sessions.begin() as session:
        await session.execute(insert(Queue).values(name="other"))
    await world.job()
    await operator.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('other', 'x'), ('other', 'x')"
    )
    since = await operator.fetchval("SELECT ops.pause('render')")
    assert await operator.fetchval("SELECT ops.pause('render')") == since
    assert await operator.fetchval("SELECT paused FROM ops.queue") is True
    assert await fetched(operator, "render") is None
    assert await fetched(operator, "render", "other") == "other"
    assert await fetched(operator) == "other"
    assert await fetched(operator) is None
    paused = await operator.fetchrow("SELECT * FROM ops.queues WHERE queue = 'media'")
    assert paused is not None
    assert (paused["paused"], paused["paused_at"], paused["waiting"], paused["due"]) == (True, since, 1, 1)
    assert paused["paused_by"] == await operator.fetchval("SELECT session_user")
    assert await operator.fetchval("SELECT ops.resume('render')") == 1
    assert await fetched(operator, "render") == "media"
    assert await operator.fetchval("SELECT paused FROM ops.queues WHERE queue = 'render'") is False


async def test_the_queue_that_jobs_use_can_be_paused_and_a_mistyped_one_cannot(
    operator: asyncpg.Connection[asyncpg.Record],
) -> None:
    """A pause that stops nothing would be believed: the queues that there are are named."""
    for function in ("pause", "resume"):
        with pytest.raises(asyncpg.NoDataFoundError, match="no such queue: rendr") as refused:
            await operator.execute(f"SELECT ops.{function}('rendr')")
        assert refused.value.hint == "There are: light, media, render"
        await operator.execute(f"SELECT ops.{function}($1)", queue_choice.WHOLE)


async def test_a_downgrade_gives_the_queue_its_own_fetch_back(world: World) -> None:
    """With its release's body; and the pause's table is gone."""
    engine = create_engine(world.url, application_name="tests")
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "0004"))
        body = await connection.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'procrastinate_fetch_job_v2'"))
    await engine.dispose()
    assert body
    assert body in procrastinate.schema.SchemaManager.get_schema()

"""What is before a job that waits, as rows have it: workers' slots, what they do, the project's order, neighbours."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import event, func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity.exceeds_machines import Capacity
from reelwright.db.models import Job, Project, new_id
from reelwright.db.ownership import DEFAULT_PROJECT_ID, confined
from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs import able_workers, living_workers, queue_ahead, reached_percent, waiting_and_time_left
from reelwright.jobs.queries import find
from reelwright.jobs.timing import Timing
from reelwright.media.ffmpeg.capabilities import Capabilities
from tests.support.job_database import World

CAPABILITIES = Capabilities(ffmpeg_version="any", threads=1, tone_mapping=False)
CAPACITY = Capacity(work_bytes=None, media_bytes=None, memory_bytes=None, cores=None)


def foretold(seconds: float) -> dict[str, Any]:
    return {"seconds": {"low_s": 0.95 * seconds, "likely_s": seconds, "high_s": 1.05 * seconds}}


async def lives(world: World, worker: str, slots: int) -> None:
    """A worker that does so many jobs at once."""
    await world.do(able_workers.publish, worker, CAPABILITIES, CAPACITY, slots=slots)
    await world.do(AsyncSession.execute, text("SELECT procrastinate_register_worker_v1()"))


async def asked_for(world: World, seconds: float | None, *, timing: Timing | None = None) -> uuid.UUID:
    job_id = await (world.job() if timing is None else world.job(timing=timing))
    if seconds is not None:
        async with world.sessions.begin() as session:
            await session.execute(update(Job).where(Job.id == job_id).values(forecast=foretold(seconds)))
    return job_id


async def runs(world: World, seconds: float, progress: int) -> uuid.UUID:
    """A job in a worker's hands; its entry is not in the queue any more."""
    job_id = await asked_for(world, seconds)
    claim = await world.claimed(job_id)
    await world.do(reached_percent.report, claim, percent=progress, stage="render")
    await world.do(leave_queue, job_id)
    return job_id


async def leave_queue(session: AsyncSession, job_id: uuid.UUID) -> None:
    job = await find(session, job_id)
    await session.execute(func.procrastinate_cancel_job_v1(job.queue_job_id, False, False).select())


async def left(world: World, job_id: uuid.UUID) -> Any:
    async with world.sessions() as session:
        job = await find(session, job_id)
        return (await waiting_and_time_left.of(session, [job]))[job_id].left


async def test_a_job_waits_for_slots_and_for_those_before_it(world: World) -> None:
    """Of the workers that live, and that can work; urgent jobs go first, others behind."""
    await lives(world, "one", 1)
    await lives(world, "two", 1)
    await world.do(living_workers.report_hindrance, "two", "no_space", "the disk is full")
    await runs(world, 10_000, 50)
    first, mine = await asked_for(world, 2000), await asked_for(world, 1000)
    await asked_for(world, 100_000)
    found = await left(world, mine)
    assert found.likely_s == pytest.approx(5050 + 2000 + 1000, abs=60)
    assert found.low_s < found.likely_s - 100
    assert found.high_s > found.likely_s + 100
    await asked_for(world, 4000, timing=Timing(priority=5))
    assert (await left(world, mine)).likely_s == pytest.approx(5050 + 4000 + 2000 + 1000, abs=60)
    assert (await left(world, first)).likely_s == pytest.approx(5050 + 4000 + 2000, abs=60)
    await world.do(living_workers.withdraw_hindrance, "two")
    assert (await left(world, mine)).likely_s == pytest.approx(5050 + 1000, abs=60)  # 4000 and 2000 beside it


async def test_another_project_has_its_turns_before(world: World) -> None:
    """By what its jobs usually take, for it does not tell what is foretold of them."""
    await lives(world, "one", 1)
    other = Project(id=new_id(), name="other", queue_share=1)
    async with world.sessions.begin() as session:
        session.add(other)
    await asked_for(world, 20)
    mine = await asked_for(world, 10)
    alone = await left(world, mine)
    with confined(other.id):
        for _ in range(5):
            await asked_for(world, 1000)
    beside = await left(world, mine)
    assert alone.likely_s == pytest.approx(30, abs=1)
    assert alone.likely_s <= beside.likely_s <= alone.likely_s + 5
    async with world.sessions() as session:
        ahead = await queue_ahead.ahead(session, DEFAULT_PROJECT_ID)
    assert [one.jobs for one in ahead.neighbours] == [5]


async def test_what_waits_for_its_time_counts_from_then(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """And what waits for what nobody knows when it comes has no end that could be told."""
    await lives(world, "one", 1)
    run_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    job_id = await asked_for(world, 10, timing=Timing(run_at=run_at))
    found = await left(world, job_id)
    assert found.likely_s == pytest.approx(3610, abs=30)
    assert found.low_s > 3500
    due = await asked_for(world, 10)
    assert await left(world, due) is not None
    await world.do(living_workers.report_hindrance, "one", "no_space", "the disk is full")
    assert await left(world, due) is None
    await world.do(living_workers.withdraw_hindrance, "one")
    await operator.execute("SELECT ops.pause('render')")
    assert await left(world, due) is None


async def test_nothing_is_said_without_workers_or_a_forecast(world: World) -> None:
    foretold_of = await asked_for(world, 10)
    assert await left(world, foretold_of) is None
    await lives(world, "one", 2)
    assert await left(world, foretold_of) == SecondsLeft(low_s=9.5, likely_s=10, high_s=10.5)
    assert await left(world, await asked_for(world, None)) is None


async def test_a_look_at_a_job_at_work_asks_for_nothing_more_and_one_at_a_job_that_waits_once(world: World) -> None:
    """Statements are counted: status is what a service is asked for most."""
    await lives(world, "one", 1)
    running, pending = await runs(world, 100, 50), await asked_for(world, 10)
    statements: list[str] = []
    async with world.sessions() as session:
        jobs = [await find(session, job_id) for job_id in (running, pending)]
        connection = await session.connection()

        def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(connection.sync_connection, "before_cursor_execute", count)
        asked = []
        for job in jobs:
            assert (await waiting_and_time_left.of(session, [job]))[job.id].left is not None
            asked.append(len(statements))
    assert asked == [0, 2]  # what it waits for beside its turn, and what is before it


async def test_the_forecast_is_kept_with_the_job(world: World) -> None:
    """As it was when it was asked for, until it begins."""
    job_id = await asked_for(world, 10)
    claim = await world.claimed(job_id)
    again = msgspec.to_builtins(foretold(30))
    await world.do(
        reached_percent.report, claim, percent=0, stage="render", recipe_json={"commands": []}, forecast=again
    )
    await world.do(reached_percent.report, claim, percent=1, stage="render")
    assert (await world.look(job_id)).forecast == again

"""Jobs that are bound to times and urgency: not before, not after, and whose turn it is within a project."""

from __future__ import annotations

import datetime
import uuid

import asyncpg
import pytest

from reelwright.edits.kinds_and_states import JobStatus
from reelwright.jobs import failed_attempts, lifecycle, waiting
from reelwright.jobs.expired_jobs import end_expired_jobs
from reelwright.jobs.rescue import requeue_forgotten_jobs
from reelwright.jobs.timing import MAX_AHEAD_S, Timing
from tests.support.job_database import World
from tests.support.job_states import FAILED

NOW = datetime.datetime.now(datetime.UTC)
HOUR = datetime.timedelta(hours=1)
SOON, LATER = Timing(expires_at=NOW + HOUR), Timing(run_at=NOW + HOUR, expires_at=NOW + 2 * HOUR)


@pytest.mark.parametrize(
    ("timing", "wrong"),
    [
        (Timing(), []),
        (Timing(run_at=NOW - HOUR), []),
        (LATER, []),
        (Timing(run_at=NOW + datetime.timedelta(seconds=MAX_AHEAD_S + 1)), ["/run_at"]),
        (Timing(expires_at=NOW + datetime.timedelta(seconds=MAX_AHEAD_S + 1)), ["/expires_at"]),
        (Timing(expires_at=NOW), ["/expires_at"]),
        (Timing(run_at=NOW + HOUR, expires_at=NOW + HOUR), ["/expires_at"]),
    ],
)
def test_times_have_to_make_sense(timing: Timing, wrong: list[str]) -> None:
    """A job that could never begin is refused at once."""
    assert [error.pointer for error in timing.faults(NOW)] == wrong


async def past(operator: asyncpg.Connection[asyncpg.Record], job_id: uuid.UUID) -> None:
    """Let the time of the job's end have come."""
    await operator.execute("UPDATE jobs SET expires_at = now() - interval '1 second' WHERE id = $1", job_id)


async def test_what_has_not_begun_by_then_fails_as_expired(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Once, its entry leaves the queue, the project's log says so; tried again it has no such end."""
    job_id, other_id = await world.job(timing=SOON), await world.job()
    await world.do(end_expired_jobs)
    assert (await world.look(job_id)).status is JobStatus.PENDING
    await past(operator, job_id)
    await world.do(end_expired_jobs)
    await world.do(end_expired_jobs)
    await world.do(requeue_forgotten_jobs)
    job = await world.look(job_id)
    assert (job.status, job.failures, job.error and job.error["code"]) == (JobStatus.FAILURE, 0, "expired")
    assert job.finished_at is not None
    assert [kind for _, kind, _ in await world.events(job_id)] == ["PENDING", "FAILURE"]
    assert [status for _, status, whose in await world.entries() if whose == str(job_id)] == ["cancelled"]
    told = await operator.fetch("SELECT type, data->>'error_code' AS code FROM events WHERE subject_id = $1", job_id)
    assert [tuple(event.values()) for event in told] == [("job.failed", "expired")]
    assert (await world.look(other_id)).status is JobStatus.PENDING
    await world.do(lifecycle.retry, job_id)
    job = await world.look(job_id)
    assert (job.status, job.expires_at) == (JobStatus.PENDING, None)
    assert await world.claim(job_id)


async def test_a_worker_begins_nothing_that_has_expired(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Nobody has to have noticed before: the claim ends it."""
    job_id = await world.job(timing=SOON)
    await past(operator, job_id)
    assert await world.claim(job_id) is None
    assert (await world.look(job_id)).status is JobStatus.FAILURE


async def test_what_has_begun_does_not_expire(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """Not while it runs, and not when it is tried again."""
    job_id = await world.job(timing=SOON)
    claim = await world.claimed(job_id)
    await past(operator, job_id)
    await world.do(end_expired_jobs)
    assert (await world.look(job_id)).status is JobStatus.STARTED
    await world.do(lifecycle.hand_back, claim)
    await world.do(end_expired_jobs)
    await world.publish(await world.claimed(job_id), job_id)


async def test_what_is_not_to_begin_yet_waits_for_its_schedule(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """No worker is handed it before, also not after a retry; operators and clients are told why."""
    worker_id = await operator.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
    fetch = "SELECT args->>'job_id' FROM procrastinate_fetch_job_v2('{render}', $1)"
    job_id = await world.job(timing=LATER)
    assert await operator.fetchval(fetch, worker_id) is None
    reasons = await world.do(waiting.reasons, [await world.look(job_id)])
    assert (reasons[job_id].code, "it is to begin at" in reasons[job_id].detail) == ("schedule", True)
    await world.do(lifecycle.cancel, job_id)
    await world.do(lifecycle.retry, job_id)
    assert await operator.fetchval(fetch, worker_id) is None
    row = await operator.fetchrow("SELECT * FROM ops.queue WHERE job_id = $1", job_id)
    assert row is not None
    assert (row["run_at"], row["expires_at"], row["project"]) == (LATER.run_at, LATER.expires_at, "default")
    await operator.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    assert await operator.fetchval(fetch, worker_id) == str(job_id)


async def test_urgency_outlasts_failures(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """Each entry of the queue is as urgent as its job."""
    job_id = await world.job(timing=Timing(priority=7))
    await world.do(lifecycle.hand_back, await world.claimed(job_id))
    await world.do(failed_attempts.fail, await world.claimed(job_id), FAILED)
    if (await world.look(job_id)).status is JobStatus.FAILURE:
        await world.do(lifecycle.retry, job_id)
    found = await operator.fetch("SELECT DISTINCT priority FROM procrastinate_jobs")
    assert [row["priority"] for row in found] == [7]

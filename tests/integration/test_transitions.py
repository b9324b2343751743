"""What is told of a job's transitions, and what the queue carries along with a job."""

from __future__ import annotations

import logging

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from reelwright.errors import JobFailed
from reelwright.jobs import failed_attempts, lifecycle
from reelwright.jobs.backlog import unfinished
from reelwright.telemetry import logs
from tests.support.job_database import World


def counted(kind: str, state: str) -> float:
    return REGISTRY.get_sample_value("reelwright_job_transitions_total", {"kind": kind, "state": state}) or 0


async def test_a_transition_is_told_once_it_is_committed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Counted and logged then; what was rolled back has never been."""
    caplog.set_level(logging.INFO, "reelwright.jobs.after_commit")
    job_id = await world.job()
    kind = (await world.look(job_id)).type.value
    before = counted(kind, "CANCELLED")
    async with world.sessions() as session:
        await lifecycle.cancel(session, job_id)
        await session.rollback()
        await session.execute(text("SELECT 1"))
        await session.commit()
        assert counted(kind, "CANCELLED") == before
        await lifecycle.cancel(session, job_id)
        assert counted(kind, "CANCELLED") == before
        await session.commit()
    assert counted(kind, "CANCELLED") == before + 1
    assert [record.getMessage() for record in caplog.records] == ["job queued", "job cancelled"]
    assert {record.job_id for record in caplog.records} == {str(job_id)}  # type: ignore[attr-defined]


async def origins(world: World) -> list[object]:
    async with world.sessions() as session:
        found = await session.scalars(text("SELECT args->'origin' FROM procrastinate_jobs ORDER BY id"))
        return list(found)


async def test_the_queue_carries_the_request_that_asked(world: World) -> None:
    """Also when the job is tried again; without a request, nothing: an older worker knows of no such argument."""
    with logs.bound(request_id="asked"):
        claim = await world.claimed(await world.job())
        await world.do(failed_attempts.fail, claim, JobFailed("again", code="crashed"))
    await world.job()
    assert await origins(world) == [{"request_id": "asked"}, {"request_id": "asked"}, None]
    async with world.sessions() as session:
        (waiting,) = await unfinished(session)
    assert (waiting.status, waiting.jobs) == ("PENDING", 2)

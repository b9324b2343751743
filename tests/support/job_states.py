"""Jobs in each of their states, as workers and clients bring them there."""

from __future__ import annotations

import uuid

from reelwright.errors import JobFailed
from reelwright.jobs import failed_attempts, lifecycle, machine_to_blame, reached_percent
from tests.support.job_database import World

FAILED = JobFailed("no such luck", code="ffmpeg_failed")
PASSING = JobFailed("bad day", code="crashed")
HINDERED = JobFailed("the disk is full", code="no_space", of_machine=True, needs_bytes=7)


async def pending(world: World) -> uuid.UUID:
    return await world.job()


async def started(world: World) -> uuid.UUID:
    job_id = await world.job()
    claim = await world.claimed(job_id)
    await world.do(reached_percent.report, claim, percent=40, stage="render", speed=2.0)
    return job_id


async def failed(world: World) -> uuid.UUID:
    """After a failure that passed, a second one that does not."""
    job_id = await world.job()
    await world.do(failed_attempts.fail, await world.claimed(job_id), PASSING)
    claim = await world.claimed(job_id)
    await world.do(reached_percent.report, claim, percent=60, stage="verify", speed=2.0)
    await world.do(failed_attempts.fail, claim, FAILED)
    return job_id


async def postponed(world: World) -> uuid.UUID:
    """It waits for the machine."""
    job_id = await world.job()
    await world.do(machine_to_blame.postpone, await world.claimed(job_id), HINDERED, confirmed=True)
    return job_id


async def cancelled(world: World) -> uuid.UUID:
    job_id = await started(world)
    await world.do(lifecycle.cancel, job_id)
    return job_id


async def succeeded(world: World) -> uuid.UUID:
    job_id = await world.job()
    await world.publish(await world.claimed(job_id), job_id)
    return job_id

"""Jobs that clients or operators stop: through real processes, with a real ffmpeg that has to go."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.invariants import check, gone, no_strays, processes_about
from tests.support.processes import PATIENCE_S
from tests.support.service import Service


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, max_concurrent_jobs=1, shutdown_grace_s=1)


async def rendering(service: Service, job_id: str) -> None:
    """Until the job's ffmpeg has made some progress."""
    async with asyncio.timeout(PATIENCE_S):
        while (await service.job(job_id))["progress"] < 1 or not processes_about(service.settings.work_path / job_id):
            await asyncio.sleep(0.05)


async def states(service: Service, job_id: str) -> list[tuple[str, int]]:
    rows = await service.sql("SELECT type, attempt FROM job_events WHERE job_id = $1::uuid ORDER BY seq", job_id)
    return [(row["type"], row["attempt"]) for row in rows]


async def test_a_running_job_stops_when_it_is_cancelled_and_can_be_retried(service: Service, long_clip: Path) -> None:
    """CANCELLED at once; within two seconds ffmpeg and all it wrote are gone. The retry is a new, higher attempt."""
    video = await service.upload(long_clip)
    before = service.stored()
    async with service.worker():
        job_id = await service.trim(video["id"], 0, 55, preset="slow")
        await rendering(service, job_id)
        response = await service.client.post(f"/jobs/{job_id}/cancel")
        assert (response.status_code, response.json()["status"]) == (202, "CANCELLED")
        await gone(service.settings.work_path, within_s=2)
        assert (await service.client.post(f"/jobs/{job_id}/cancel")).json()["code"] == "finished"
        assert (await service.client.get(f"/result/{job_id}")).json()["code"] == "job_cancelled"
        await check(service, within_s=2)
        assert service.stored() == before

        assert (await service.client.post(f"/jobs/{job_id}/retry")).status_code == 202
        await rendering(service, job_id)
        await service.client.post(f"/jobs/{job_id}/cancel")
        short_id = await service.trim(video["id"], 0, 1)
        await service.client.post(f"/jobs/{short_id}/cancel")
        response = await service.client.post(f"/jobs/{short_id}/retry")
        assert response.status_code == 202, response.text
        await service.until(short_id, "SUCCESS")
        await check(service)
    assert [attempt for state, attempt in await states(service, job_id) if state == "STARTED"] == [1, 2]


async def test_a_waiting_job_is_cancelled_before_anybody_has_seen_it(service: Service, clip: Path) -> None:
    """No worker ever claims it; retried, it is done."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 1, 2)
    await service.client.post(f"/jobs/{job_id}/cancel")
    other_id = await service.trim(video["id"], 1, 2)
    async with service.worker():
        await service.until(other_id, "SUCCESS")
        assert await states(service, job_id) == [("PENDING", 0), ("CANCELLED", 0)]
        await service.client.post(f"/jobs/{job_id}/retry")
        await service.until(job_id, "SUCCESS")
        await check(service)


@pytest.mark.slow
async def test_a_job_that_is_cancelled_while_it_is_published_is_one_or_the_other(service: Service, clip: Path) -> None:
    """At any moment of a short job: SUCCESS with its result and a 409, or CANCELLED with nothing."""
    video = await service.upload(clip)
    async with service.worker():
        for number in range(12):
            job_id = await service.trim(video["id"], 1, 1.2)
            await service.until(job_id, "STARTED", "SUCCESS")
            await asyncio.sleep(number * 0.03)
            response = await service.client.post(f"/jobs/{job_id}/cancel")
            job = await service.job(job_id)
            assert (response.status_code, job["status"]) in ((202, "CANCELLED"), (409, "SUCCESS"))
        await check(service)
        await no_strays(service, within_s=2)


@pytest.mark.parametrize("signals", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.slow
async def test_a_stopped_worker_hands_its_job_back(service: Service, long_clip: Path, signals: int) -> None:
    """After SIGTERM it exits with 0 when its grace time is over, after a second one at once; the job counts no failure
    and another worker ends it without waiting for the lease."""
    grace_s = 1 if signals == 1 else 60
    video = await service.upload(long_clip)
    job_id = await service.trim(video["id"], 0, 10, preset="slow")
    slow = {"FFMPEG_THREADS": "1"}  # not done within the grace time
    first = await service.start_worker(SHUTDOWN_GRACE_S=str(grace_s), LEASE_S="600", **slow)
    await rendering(service, job_id)
    began = time.monotonic()
    first.send(signal.SIGTERM)
    if signals == 2:
        await asyncio.sleep(0.3)
        assert first.process.returncode is None
        first.send(signal.SIGTERM)
    assert await asyncio.wait_for(first.process.wait(), 10) == 0
    assert time.monotonic() - began < 10
    await gone(service.settings.work_path, within_s=0.1)
    job = await service.job(job_id)
    assert job["status"] == "PENDING"
    (row,) = await service.sql("SELECT failures, attempt FROM jobs")
    assert (row["failures"], row["attempt"]) == (0, 1)
    await check(service)
    async with service.worker(LEASE_S="600"):
        await service.until(job_id, "SUCCESS")
        (row,) = await service.sql("SELECT failures, attempt FROM jobs")
        assert (row["failures"], row["attempt"]) == (0, 2)
        await check(service)


@pytest.mark.slow
async def test_a_stopped_worker_ends_what_it_can_within_its_grace_time(service: Service, clip: Path) -> None:
    """A short job is finished rather than handed back; an idle worker exits at once."""
    video = await service.upload(clip)
    worker = await service.start_worker(SHUTDOWN_GRACE_S="30")
    job_id = await service.trim(video["id"], 0, 4)
    await service.until(job_id, "STARTED", "SUCCESS")
    assert await worker.end() == 0
    assert (await service.job(job_id))["status"] == "SUCCESS"
    assert await states(service, job_id) == [("PENDING", 0), ("STARTED", 1), ("SUCCESS", 1)]
    idle = await service.start_worker()
    assert await idle.end(within_s=5) == 0
    await check(service)

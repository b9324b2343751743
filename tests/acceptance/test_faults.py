"""Whatever is killed, stopped or taken away: no accepted job is lost, none is published twice, nothing lies about."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import msgspec
import pytest

from reelwright import fault_points
from reelwright.db.connection_pool import create_engine
from reelwright.db.embedded import EmbeddedPostgres, acquire
from reelwright.db.migrate import upgrade
from reelwright.settings import Settings
from tests.support.invariants import OUTAGE, check, gone, no_strays, processes_about
from tests.support.processes import PATIENCE_S, Process
from tests.support.service import Service

SWEEPING = {"ORPHAN_GRACE_S": "3"}
UPLOAD_POINTS = sorted(point for point in fault_points.POINTS if point.startswith("upload"))
API_POINTS = {point for point in fault_points.POINTS if point.startswith(("upload", "resumable", "submit", "request"))}
JOB_POINTS = sorted(fault_points.POINTS - API_POINTS)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, max_failures=10, lease_s=3.0, max_concurrent_jobs=1)


async def ended(process: Process, *, within_s: float = PATIENCE_S) -> int:
    return await asyncio.wait_for(process.process.wait(), within_s)


async def attempts_of(service: Service, job_id: str) -> int:
    (row,) = await service.sql("SELECT attempt FROM jobs WHERE id = $1::uuid", job_id)
    return int(row["attempt"])


async def test_a_worker_killed_at_any_point_costs_no_job(service: Service, clip: Path) -> None:
    """SIGKILL at every named point of an attempt: another worker ends each job within a minute, with one result; the
    dead worker's ffmpeg is gone within two seconds, its files within the grace time."""
    video = await service.upload(clip)
    jobs = [await service.trim(video["id"], 1, 2) for _ in JOB_POINTS]
    doomed = await asyncio.gather(
        *(service.start_worker(REELWRIGHT_FAULTS=f"{point}=kill", **SWEEPING) for point in JOB_POINTS)
    )
    assert await asyncio.gather(*(ended(worker) for worker in doomed)) == [-signal.SIGKILL] * len(JOB_POINTS)
    await gone(service.settings.work_path)
    died = time.monotonic()
    async with service.worker(**SWEEPING):
        await asyncio.gather(*(service.until(job_id, "SUCCESS") for job_id in jobs))
        assert time.monotonic() - died < 60
        attempts = sorted([await attempts_of(service, job_id) for job_id in jobs])
        assert attempts[0] == 1  # it was killed after its commit
        assert sum(attempts) >= 2 * len(jobs) - 1
        await check(service)
        await no_strays(service)


@pytest.mark.slow
async def test_an_api_killed_during_an_upload_leaves_nothing(service: Service, clip: Path) -> None:
    """No row, and no file for longer than the grace time; the client may upload again."""
    for point in UPLOAD_POINTS:
        await service.api.end()
        service.api = await service.start_api(REELWRIGHT_FAULTS=f"{point}=kill")
        with pytest.raises(httpx.TransportError):
            await service.upload(clip)
        assert await ended(service.api) == -signal.SIGKILL
    assert len(service.stored()) >= len(UPLOAD_POINTS)
    service.api = await service.start_api()
    assert (await service.client.get("/videos/")).json()["total"] == 0
    async with service.worker(**SWEEPING):
        await no_strays(service)
        assert service.stored() == set()
        video = await service.upload(clip)
        await service.until(await service.trim(video["id"], 1, 2), "SUCCESS")
        await check(service)


@pytest.mark.slow
async def test_workers_that_stood_still_publish_nothing_twice(service: Service, clip: Path, tmp_path: Path) -> None:
    """Stopped with SIGSTOP, one while it renders, one before its commit, while another worker reruns their jobs: they
    find their leases lost, take back what they had published, and do the next jobs well."""
    video = await service.upload(clip)
    jobs = [await service.trim(video["id"], 1, 2) for _ in range(2)]
    zombies = []
    for number, point in enumerate(("ffmpeg started", "renamed, not committed")):
        go = tmp_path / f"go{number}"
        zombie = await service.start_worker(REELWRIGHT_FAULTS=f"{point}=pause:{go}", REAP_INTERVAL_S="600")
        async with asyncio.timeout(PATIENCE_S):
            while not go.with_name(f"{go.name}.reached").exists():
                await asyncio.sleep(0.02)
        zombie.send(signal.SIGSTOP)
        go.touch()
        zombies.append(zombie)
    async with AsyncExitStack() as stack:
        for zombie in zombies:
            stack.push_async_callback(zombie.end, signal.SIGKILL)
        async with service.worker():
            results = [(await service.until(job_id, "SUCCESS"))["output_variant_id"] for job_id in jobs]
            assert len(service.stored()) == 4  # the upload, two results, and what the second zombie has published
        assert [await attempts_of(service, job_id) for job_id in jobs] == [2, 2]
        for zombie in zombies:
            zombie.send(signal.SIGCONT)
        await no_strays(service)
        await check(service)
        assert [(await service.job(job_id))["output_variant_id"] for job_id in jobs] == results
        following = [await service.trim(video["id"], 2, 3) for _ in range(2)]
        await asyncio.gather(*(service.until(job_id, "SUCCESS") for job_id in following))
        assert [await attempts_of(service, job_id) for job_id in following] == [1, 1]
        await check(service)
        assert [await zombie.end() for zombie in zombies] == [0, 0]


async def started(service: Service, job_id: str) -> None:
    """Until the job's ffmpeg runs."""
    await service.until(job_id, "STARTED")
    async with asyncio.timeout(PATIENCE_S):
        while not processes_about(service.settings.work_path / job_id):
            await asyncio.sleep(0.02)


async def sessions_named(service: Service, name: str) -> set[int]:
    rows = await service.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
        " AND query ILIKE 'LISTEN%'",
        name,
    )
    return {row["pid"] for row in rows}


@pytest.mark.slow
async def test_the_loss_of_every_database_session_costs_no_job(service: Service, long_clip: Path) -> None:
    """Terminated again and again in mid-job: it succeeds; listeners are back within ten seconds, and wake at once."""
    video = await service.upload(long_clip)
    async with service.worker() as worker:
        job_id = await service.trim(video["id"], 0, 20)
        await started(service, job_id)
        for _ in range(4):
            await service.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            await asyncio.sleep(0.3)
        async with asyncio.timeout(10):
            while not (
                await sessions_named(service, "reelwright-queue") and await sessions_named(service, "reelwright-events")
            ):
                await asyncio.sleep(0.1)
        async with asyncio.timeout(PATIENCE_S):
            while (await service.job(job_id))["status"] != "SUCCESS":
                await asyncio.sleep(0.2)
        began = time.monotonic()
        await service.until(await service.trim(video["id"], 0, 0.5), "STARTED", "SUCCESS")
        assert time.monotonic() - began < 3
        await service.until(await service.trim(video["id"], 1, 1.5), "SUCCESS")
        assert worker.process.returncode is None
        await check(service, declared=OUTAGE)


class OwnDatabase:
    """An embedded server of the test's own, to be killed."""

    def __init__(self, server: EmbeddedPostgres, home: Path) -> None:
        self.url = server.url
        self.home = home

    def kill(self) -> None:
        (pid_file,) = self.home.glob("data-*/postmaster.pid")
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)


@pytest.fixture
async def own_database(tmp_path: Path) -> AsyncIterator[OwnDatabase]:
    home = tmp_path / "own"
    server = await asyncio.to_thread(acquire, home, grace_s=0)
    try:
        engine = create_engine(server.url, application_name="tests")
        await upgrade(engine)
        await engine.dispose()
        yield OwnDatabase(server, home)
    finally:
        await asyncio.to_thread(server.release)


@pytest.fixture
async def fragile(own_database: OwnDatabase, settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    """A service on that server."""
    changed = msgspec.structs.replace(settings, database_url=own_database.url)
    async with Service(changed, tmp_path).running() as running:
        yield running


async def ended_well(service: Service, job_id: str, *, within_s: float = PATIENCE_S) -> None:
    """Until the job is SUCCESS, however often the API cannot answer before."""
    deadline = time.monotonic() + within_s
    status = "unknown"
    while status != "SUCCESS":
        assert time.monotonic() < deadline, f"{job_id} is {status}\n{service.logs()}"
        try:
            response = await service.client.get(f"/status/{job_id}")
        except httpx.TransportError:
            response = httpx.Response(503)
        assert response.status_code in (200, 503), response.text
        if response.status_code == 200:
            status = response.json()["status"]
            assert status not in ("FAILURE", "CANCELLED"), await service.job(job_id)
        await asyncio.sleep(0.1)


@pytest.mark.from_nothing
@pytest.mark.slow
async def test_a_killed_database_costs_no_job(fragile: Service, own_database: OwnDatabase, long_clip: Path) -> None:
    """SIGKILL to the whole server in mid-job: it comes back, the job succeeds, the worker has outlived it."""
    service = fragile
    video = await service.upload(long_clip)
    async with service.worker() as worker:
        job_id = await service.trim(video["id"], 0, 10)
        await started(service, job_id)
        own_database.kill()
        await ended_well(service, job_id)
        assert worker.process.returncode is None
        await ended_well(service, await service.trim(video["id"], 1, 2))
        await check(service, declared=OUTAGE)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_random_deaths_cost_no_job(
    fragile: Service, own_database: OwnDatabase, long_clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty jobs, two workers; workers, API and database are killed at random for two minutes: every job has exactly
    one result."""
    service, chance = fragile, random.Random(20)
    video = await service.upload(long_clip)
    jobs = [await service.trim(video["id"], number, number + 3) for number in range(20)]
    workers = [await service.start_worker(**SWEEPING) for _ in range(2)]
    deaths = {"worker": 0, "api": 0, "database": 0}
    began = time.monotonic()
    while time.monotonic() - began < 120:
        await asyncio.sleep(chance.uniform(0.5, 4))
        victim = chance.choice(["worker", "worker", "worker", "api", "database"])
        deaths[victim] += 1
        if victim == "worker":
            index = chance.randrange(2)
            await workers[index].end(signal.SIGKILL)
            workers[index] = await _persistently(lambda: service.start_worker(**SWEEPING))
        elif victim == "api":
            await service.api.end(signal.SIGKILL)
            service.api = await _persistently(service.start_api)
        else:
            own_database.kill()
    async with AsyncExitStack() as stack:
        for worker in workers:
            stack.push_async_callback(worker.end)
        await asyncio.gather(*(ended_well(service, job_id, within_s=300) for job_id in jobs))
        took_s = time.monotonic() - began
        await check(service, declared=OUTAGE, within_s=30)
        await no_strays(service, within_s=30)
    (figures,) = await service.sql("SELECT sum(attempt) AS attempts, max(attempt) AS most FROM jobs")
    with capsys.disabled():
        print(
            f"\n20 jobs in {took_s:.0f} s, deaths {deaths}, {figures['attempts']} attempts, at most {figures['most']}"
        )


async def _persistently(start: Callable[[], Awaitable[Process]]) -> Process:
    """Start a process as a supervisor does: again, while the database is away."""
    for _ in range(20):
        try:
            return await start()
        except AssertionError:
            await asyncio.sleep(0.5)
    return await start()

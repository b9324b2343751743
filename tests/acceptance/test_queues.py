"""Queues by cost at a real worker, and their pauses, as operators ask for them over HTTP."""

from __future__ import annotations

import datetime
import uuid
from pathlib import Path

import asyncpg
import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from reelwright_worker.queue_worker import CLAIM_FIRST_S
from tests.acceptance.test_keys import bearer, guarded, made
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, problem

NO_POLLING = {"PROCRASTINATE_WORKER_FETCH_JOB_POLLING_INTERVAL": "600"}
POSTER = {"outputs": ["jpg:poster"]}
DUE_WITHIN_S = 5.0
"""So late a busy machine may be; a worker that polls would come after ten minutes."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, max_concurrent_jobs=1, reuse_results=False)


async def poster(service: Service, video_id: str) -> str:
    answer = await service.client.post("/edits", json={"source": video_id, **POSTER})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


async def test_a_poster_does_not_wait_for_an_encode(service: Service, clip: Path, long_clip: Path) -> None:
    """It has a place of its own, at which nothing else begins; the encode's is taken again when that ends, by a worker
    that does not poll."""
    long, short = [(await service.upload(path))["id"] for path in (long_clip, clip)]
    async with service.worker(FFMPEG_THREADS="1", **NO_POLLING):
        encode = await service.trim(long, 0, 55, preset="slower")
        waits = await service.trim(short, 0, 0.5)
        assert (await service.until(encode, "STARTED"))["queue"] == "media"
        light = await service.until(await poster(service, short), "SUCCESS")
        assert light["queue"] == "light"
        assert [await service.status(job_id) for job_id in (encode, waits)] == ["STARTED", "PENDING"]
        assert (await service.client.post(f"/jobs/{encode}/cancel")).status_code == 202
        await service.until(waits, "SUCCESS")


async def test_a_fetch_waits_for_the_claim_before_it_and_no_longer_than_a_moment(
    service: Service, operator: asyncpg.Connection[asyncpg.Record], clip: Path
) -> None:
    """The claim, for which somebody waits, has the worker for itself; where it is held up, other jobs are not."""
    video = (await service.upload(clip))["id"]
    held, light = await service.trim(video, 0, 0.5), await poster(service, video)
    transaction = operator.transaction()
    await transaction.start()
    await operator.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", uuid.UUID(held))
    async with service.worker(**NO_POLLING):
        await service.until(light, "SUCCESS")
        assert await service.status(held) == "PENDING"
        await transaction.rollback()
        await service.until(held, "SUCCESS")
    first, second = await service.sql("SELECT taken_at FROM procrastinate_jobs ORDER BY taken_at LIMIT 2")
    assert (second["taken_at"] - first["taken_at"]).total_seconds() >= CLAIM_FIRST_S


async def test_a_worker_takes_the_queues_that_it_is_asked_for(service: Service, clip: Path) -> None:
    """By its settings or its command line; what nobody takes says so, and is taken once somebody does."""
    video = (await service.upload(clip))["id"]
    async with service.worker(WORKER_QUEUES="light"):
        media, light = await service.trim(video, 0, 0.5), await poster(service, video)
        await service.until(light, "SUCCESS")
        waits = (await service.job(media))["waiting_for"]
        assert waits["code"] == "worker"
        assert "start one with WORKER_QUEUES=media" in waits["detail"]
        ready = (await service.client.get("/ready")).json()
        assert ready["status"] == "degraded"
        assert "none takes jobs of the queue media" in str(ready["checks"])
        (worker,) = await service.sql("SELECT queues FROM ops.workers WHERE alive")
        assert worker["queues"] == ["light"]
        text = (await service.client.get("/metrics")).text
        assert 'reelwright_queue_depth{queue="media"} 1.0' in text
        assert 'reelwright_queue_workers{queue="media"} 0.0' in text
        assert 'reelwright_queue_workers{queue="light"} 1.0' in text
        async with service.worker(PROCRASTINATE_WORKER_QUEUES="render"):
            await service.until(media, "SUCCESS")
            assert (await service.client.get("/ready")).json()["status"] == "ready"


async def test_a_job_begins_when_its_time_has_come(service: Service, clip: Path) -> None:
    """Of a worker that polls every ten minutes: it sleeps until then, and hears of what is due before."""
    video = (await service.upload(clip))["id"]
    now = datetime.datetime.now(datetime.UTC)
    wanted = [now + datetime.timedelta(seconds=seconds) for seconds in (4, 6)]
    before = await service.trim(video, 0, 0.3, run_at=wanted[1].isoformat())
    async with service.worker(**NO_POLLING):
        later = await service.trim(video, 0, 0.4, run_at=wanted[0].isoformat())
        for job_id, due in zip((later, before), wanted, strict=True):
            job = await service.until(job_id, "SUCCESS")
            began = datetime.datetime.fromisoformat(job["started_at"])
            assert 0 <= (began - due).total_seconds() < DUE_WITHIN_S


async def test_operators_pause_and_resume_queues_over_http(settings: Settings, tmp_path: Path, clip: Path) -> None:
    """With a key of the scope `admin`; who and why is told; idempotent; a queue that is none is not found."""
    async with guarded(settings, tmp_path / "guarded") as service:
        video = (await service.upload(clip))["id"]
        usual, admin = await made(service, "usual"), await made(service, "operations", scopes=["admin"])
        async with httpx.AsyncClient(
            base_url=service.url, timeout=PATIENCE_S, trust_env=False, headers=bearer(usual)
        ) as client:
            for method, path in (("GET", "/queues"), ("POST", "/queues/media/pause"), ("POST", "/queues/media/resume")):
                problem(await client.request(method, path), 403, "forbidden")
            client.headers.update(bearer(admin))
            first = (await client.post("/queues/media/pause", params={"reason": "a new disk"})).json()
            assert (first["paused"], first["paused_by"], first["reason"]) == (True, "key operations", "a new disk")
            assert (await client.post("/queues/media/pause")).json() == first
            async with service.worker():
                waits, light = await service.trim(video, 0, 0.5), await poster(service, video)
                await service.until(light, "SUCCESS")
                job = await service.job(waits)
                assert (job["status"], job["waiting_for"]["code"]) == ("PENDING", "paused")
                assert "a new disk" in job["waiting_for"]["detail"]
                queues = {one["name"]: one for one in (await client.get("/queues")).json()["items"]}
                assert [(one, queues[one]["waiting"], queues[one]["paused"]) for one in queues] == [
                    ("render", 0, False),
                    ("light", 0, False),
                    ("media", 1, True),
                ]
                assert {one["part_of"] for one in queues.values()} == {None, "render"}
                assert "media is paused (a new disk)" in (await client.get("/ready")).text
                for _ in range(2):
                    assert (await client.post("/queues/media/resume")).json()["paused"] is False
                await service.until(waits, "SUCCESS")
            refused = problem(await client.post("/queues/medai/pause"), 404, "not_found")
            assert "render, light, media" in str(refused["detail"])
            problem(await client.post("/queues/media/pause", params={"reason": "x" * 201}), 422, "invalid_input")
        log = service.api.log.read_text()
        assert "queue media is paused by key operations: a new disk" in log
        assert "queue media is resumed by key operations" in log

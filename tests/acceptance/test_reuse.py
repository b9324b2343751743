"""Nothing twice: an edit that was made is answered with its result, and one that is being made is shared."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reelwright import fault_points
from reelwright.settings import Settings
from reelwright_worker.lease_and_progress import PROGRESS_INTERVAL_S
from tests.support.invariants import check, gone, no_strays, processes_about
from tests.support.processes import PATIENCE_S, standing_still
from tests.support.service import Service

SWEEPING = {"ORPHAN_GRACE_S": "3"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, reuse_results=True, max_failures=10, lease_s=3.0)


async def accepted(service: Service, path: str, **body: Any) -> dict[str, Any]:
    response = await service.client.post(path, json=body)
    assert response.status_code == 202, response.text
    found: dict[str, Any] = response.json()
    return found


async def attempts(service: Service) -> int:
    """So many encodes have been begun."""
    (row,) = await service.sql("SELECT coalesce(sum(attempt), 0)::int AS n FROM jobs WHERE reused_from_job_id IS NULL")
    return int(row["n"])


@asynccontextmanager
async def standing_still_amid(service: Service, job_id: str) -> AsyncIterator[None]:
    """The job's encode has come to 5 %, and goes no further: it runs for a moment at a time, and between two the worker
    tells how far it is."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if encoding := processes_about(service.settings.work_path / job_id):
                with standing_still(encoding):
                    await asyncio.sleep(2 * PROGRESS_INTERVAL_S)
                    if (await service.job(job_id))["progress"] >= 5:
                        yield
                        return
            await asyncio.sleep(0.02)


async def events(service: Service, job_id: str) -> list[tuple[str, dict[str, Any]]]:
    """All that the job's stream says, to its end."""
    told = []
    async with service.client.stream("GET", f"/jobs/{job_id}/events") as stream:
        name = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told.append((name, msgspec.json.decode(line.removeprefix("data: "))))
    return told


async def test_the_same_edit_again_is_answered_with_the_result(service: Service, clip: Path) -> None:
    """At once and without a process: a job of its own that is done, a variant of its own with the same bytes, each
    deletable by itself; the bytes go with the last. Also for the same content under another upload's id."""
    first = await service.upload(clip)
    again = await service.upload(clip, filename="again.mp4")
    async with service.worker(**SWEEPING) as worker:
        made = await service.until(await service.trim(first["id"], 1, 2), "SUCCESS")
        assert made["reused_from"] is None
        await worker.end()
    stored = service.stored()
    jobs = []
    for video in (first, again):
        answer = await accepted(service, "/trim", video_id=video["id"], start="0:01", end=2.0)
        assert (answer["status"], answer["reused_from"]) == ("SUCCESS", made["job_id"])
        job = await service.job(answer["job_id"])
        assert (job["progress"], job["stage"], job["attempt"]) == (100, None, 0)
        assert job["commands"] == made["commands"]
        assert [(kind, told["status"]) for kind, told in await events(service, job["job_id"])] == [
            ("progress", "SUCCESS"),
            ("state", "SUCCESS"),
        ]
        variant = (await service.client.get(f"/variants/{job['output_variant_id']}")).json()
        assert variant["reused_from"] == made["output_variant_id"]
        assert (variant["video_id"], variant["job_id"]) == (video["id"], job["job_id"])
        jobs.append(job)
    assert service.stored() == stored
    variants = [job["output_variant_id"] for job in (made, *jobs)]
    assert len(set(variants)) == 3
    bytes_ = (await service.client.get(f"/variants/{variants[0]}/download")).content
    for number, variant_id in enumerate(variants):
        assert (await service.client.get(f"/variants/{variant_id}/download")).content == bytes_
        assert (await service.client.delete(f"/variants/{variant_id}")).status_code == 204
        assert (service.stored() == stored) == (number < 2)
    fresh = await accepted(service, "/trim", video_id=first["id"], start=1, end=2)
    assert (fresh["status"], fresh["reused_from"]) == ("PENDING", None)  # what was deleted is not reused
    await service.client.post(f"/jobs/{fresh['job_id']}/cancel")
    async with service.worker(**SWEEPING):
        await no_strays(service)


@pytest.mark.slow
async def test_sound_and_images_alone_are_made_once(service: Service, clip: Path) -> None:
    """With all that belongs to them, as results of their own."""
    video = await service.upload(clip)
    edit = {"source": video["id"], "outputs": [{"qualities": [], "poster": {"at": 1}, "gif": {"duration": 1}}]}
    heard = {"source": video["id"], "outputs": ["mp3", "wav"]}
    async with service.worker(**SWEEPING):
        made = [
            await service.until((await accepted(service, "/edits", **one))["job_id"], "SUCCESS")
            for one in (edit, heard)
        ]
    for one, first, count in ((edit, made[0], 1), (heard, made[1], 2)):
        again = await accepted(service, "/edits", **one)
        assert (again["status"], again["reused_from"]) == ("SUCCESS", first["job_id"])
        job = await service.job(again["job_id"])
        assert len(job["outputs"]) == count
        for mine, theirs in zip(job["outputs"], first["outputs"], strict=True):
            assert mine["variant_id"] != theirs["variant_id"]
            assert [file["name"] for file in mine["files"]] == [file["name"] for file in theirs["files"]]
            assert mine["checks"] == theirs["checks"] != []


async def test_equal_jobs_share_one_encode(service: Service, long_clip: Path) -> None:
    """Twenty at once, and one that comes when the encode runs: each with its own id, progress and result."""
    video = await service.upload(long_clip)
    edit = {"video_id": video["id"], "start": 0, "end": 15}
    answers = await asyncio.gather(*(accepted(service, "/trim", **edit) for _ in range(20)))
    (leader,) = (answer for answer in answers if answer["reused_from"] is None)
    assert {answer["reused_from"] for answer in answers} == {None, leader["job_id"]}
    async with service.worker(FFMPEG_THREADS="1", **SWEEPING):  # the encode lasts
        streams = [asyncio.create_task(events(service, answer["job_id"])) for answer in answers]
        async with standing_still_amid(service, leader["job_id"]):
            late = await accepted(service, "/trim", **edit)
            assert (late["status"], late["reused_from"]) == ("STARTED", leader["job_id"])
            assert (await service.job(late["job_id"]))["progress"] >= 5
        jobs = [await service.until(answer["job_id"], "SUCCESS") for answer in (*answers, late)]
        told = await asyncio.gather(*streams)
        await check(service)
    assert await attempts(service) == 1
    assert len({job["output_variant_id"] for job in jobs}) == 21
    (keys,) = await service.sql("SELECT count(DISTINCT key) AS keys FROM files WHERE variant_id IS NOT NULL")
    assert keys["keys"] == 1
    for stream in told:
        states = [event["status"] for kind, event in stream if kind == "state"]
        percents = [event["progress"] for kind, event in stream if kind == "progress"]
        assert states == ["PENDING", "STARTED", "SUCCESS"]
        assert percents == sorted(percents)
        assert percents[-1] == 100
        assert len(set(percents)) > 2  # of which one lies between


@pytest.mark.slow
async def test_a_job_that_is_cancelled_hands_its_encode_on(service: Service, long_clip: Path) -> None:
    """Its ffmpeg goes on for those who share it, nobody's percentage falls; with the last of them it ends at once."""
    video = await service.upload(long_clip)
    edit = {"video_id": video["id"], "start": 0, "end": 30, "preset": "slow"}
    answers = [await accepted(service, "/trim", **edit) for _ in range(3)]
    leader, second, third = [answer["job_id"] for answer in answers]
    async with service.worker(FFMPEG_THREADS="1", **SWEEPING):  # the encode lasts
        streams = [asyncio.create_task(events(service, job_id)) for job_id in (second, third)]
        work = service.settings.work_path / leader
        async with asyncio.timeout(PATIENCE_S):
            while (await service.job(leader))["progress"] < 5:
                await asyncio.sleep(0.02)
        before = processes_about(work)
        for job_id in (leader, second):
            assert (await service.client.post(f"/jobs/{job_id}/cancel")).status_code == 202
        reached = (await service.job(third))["progress"]
        async with asyncio.timeout(PATIENCE_S):
            while (await service.job(third))["progress"] <= reached:
                await asyncio.sleep(0.02)
        assert processes_about(work) == before
        assert [(await service.job(job_id))["status"] for job_id in (leader, second)] == ["CANCELLED"] * 2
        last = await service.job(third)
        assert (last["status"], last["reused_from"], last["attempt"]) == ("STARTED", None, 1)
        assert (await service.client.post(f"/jobs/{third}/cancel")).status_code == 202
        await gone(work)
        for stream in await asyncio.gather(*streams):
            percents = [event["progress"] for kind, event in stream if kind == "progress"]
            assert percents == sorted(percents)
        await check(service)
        await no_strays(service)


@pytest.mark.slow
async def test_a_killed_worker_costs_no_follower(service: Service, clip: Path) -> None:
    """At every point of an attempt, with two that share it, and one that was cancelled meanwhile: another worker
    ends them all, of each edit there is one result."""
    points = sorted(
        point for point in fault_points.POINTS if not point.startswith(("upload", "resumable", "submit", "request"))
    )
    video = await service.upload(clip)
    edits = [{"video_id": video["id"], "start": 0, "end": 1 + number / 10} for number in range(len(points))]
    jobs = [[(await accepted(service, "/trim", **edit))["job_id"] for edit in edits] for _ in range(3)]
    doomed = [
        await service.start_worker(REELWRIGHT_FAULTS=f"{point}=kill", MAX_CONCURRENT_JOBS="1", **SWEEPING)
        for point in points
    ]
    ended = await asyncio.gather(*(asyncio.wait_for(worker.process.wait(), PATIENCE_S) for worker in doomed))
    assert ended == [-signal.SIGKILL] * len(points)
    await gone(service.settings.work_path)
    for job_id in jobs[0]:
        await service.client.post(f"/jobs/{job_id}/cancel")  # one has ended by then
    async with service.worker(**SWEEPING):
        await asyncio.gather(*(service.until(job_id, "SUCCESS") for group in jobs[1:] for job_id in group))
        await check(service)
        await no_strays(service)
    rows = await service.sql("SELECT count(DISTINCT key) AS keys FROM files WHERE variant_id IS NOT NULL")
    assert rows[0]["keys"] == len(points)


@pytest.mark.slow
@pytest.mark.parametrize("point", sorted(point for point in fault_points.POINTS if point.startswith("submit")))
async def test_an_api_that_is_killed_as_it_answers_leaves_nothing(service: Service, clip: Path, point: str) -> None:
    """No job, no row; the client asks again, and is answered."""
    video = await service.upload(clip)
    edit = {"video_id": video["id"], "start": 1, "end": 2}
    first = (await accepted(service, "/trim", **edit))["job_id"]
    async with service.worker(**SWEEPING):
        if "result" in point:
            await service.until(first, "SUCCESS")
        else:
            await service.sql("SELECT ops.pause('render')")
            edit["end"] = 3
            first = (await accepted(service, "/trim", **edit))["job_id"]
        await service.api.end()
        service.api = await service.start_api(REELWRIGHT_FAULTS=f"{point}=kill")
        with pytest.raises(httpx.TransportError):
            await service.client.post("/trim", json=edit)
        assert await asyncio.wait_for(service.api.process.wait(), PATIENCE_S) == -signal.SIGKILL
        service.api = await service.start_api()
        again = await accepted(service, "/trim", **edit)
        assert again["reused_from"] == first
        await service.sql("SELECT ops.resume('render')")
        await service.until(again["job_id"], "SUCCESS")
        assert len(await service.sql("SELECT id FROM jobs WHERE reused_from_job_id IS NOT NULL")) == 1
        async with asyncio.timeout(PATIENCE_S):
            while await service.sql("SELECT FROM jobs WHERE status IN ('PENDING', 'STARTED')"):
                await asyncio.sleep(0.05)
        await check(service)
        await no_strays(service)

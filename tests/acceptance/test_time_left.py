"""How long jobs still take: told once earlier ones have shown it, while they wait and while they run."""

from __future__ import annotations

from pathlib import Path

from tests.support.service import Service


async def test_what_is_left_is_told_while_a_job_waits_and_while_it_runs(service: Service, clip: Path) -> None:
    """Null before anything is known, and while no worker lives; then an interval, the later in the queue the later;
    what the job took is kept with it."""
    video = await service.upload(clip)
    async with service.worker(MAX_CONCURRENT_JOBS="1"):
        for number in range(3):
            first = await service.until(await service.trim(video["id"], 0, 2 + number / 10), "SUCCESS")
            assert (first["eta"], first["eta_s"]) == (None, None)
    waits = [await service.trim(video["id"], 0, 3 + number / 10) for number in range(4)]
    job = await service.job(waits[0])
    assert (job["status"], job["eta"], job["waiting_for"]["code"]) == ("PENDING", None, "worker")
    told: list[list[float]] = []
    async with service.worker(MAX_CONCURRENT_JOBS="1"):
        while (await service.status(waits[-1])) != "SUCCESS":
            listed = (await service.client.get("/jobs", params={"status": "PENDING"})).json()["items"]
            etas = {job["job_id"]: job["eta"] for job in listed if job["eta"] is not None}
            told.append([etas[job_id]["likely_s"] for job_id in waits if job_id in etas])
    assert max(len(likely) for likely in told) > 1
    assert all(likely == sorted(likely) for likely in told)
    assert (await service.job(waits[0]))["eta"] is None
    kept = await service.sql("SELECT forecast, took FROM jobs WHERE id = $1::uuid", waits[-1])
    assert '"likely_s"' in str(kept[0]["forecast"])
    assert '"encode"' in str(kept[0]["took"])
    assert '"check"' in str(kept[0]["took"])


async def test_a_running_job_has_an_interval_with_its_end_in_it_mostly(service: Service, clip: Path) -> None:
    """Of a kind that is known: the stream tells it from the start."""
    video = await service.upload(clip)
    async with service.worker(MAX_CONCURRENT_JOBS="1"):
        for number in range(3):
            await service.until(await service.trim(video["id"], 0, 2 + number / 10), "SUCCESS")
        job_id = await service.trim(video["id"], 0, 4)
        stream = await service.client.get(f"/jobs/{job_id}/events")
    events = [
        line.removeprefix("data: ") for line in stream.text.splitlines() if line.startswith('data: {"type":"progress"')
    ]
    assert any('"eta":{"low_s":' in one for one in events), stream.text
    assert '"eta":null' in events[-1]

"""Latency: how long until a worker has the job, until a status is answered, until an upload is known, and what those
who ask and listen cost."""

from __future__ import annotations

import asyncio
import http.client
import time
from datetime import datetime
from pathlib import Path

from benchmarks import clips
from benchmarks.processes import own_s
from benchmarks.report import Figure
from benchmarks.running import Running, running
from reelwright.media.probe.prober import Prober, probe_rules
from tests.support import recipes

JOBS = 100
CALLS = 1000
CALLS_A_ROUND = 100
LISTENERS = 50
LISTENED_S = 15
UPLOADS = 40
PROBES = 100


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "tiny.mp4", size="160x90", duration_s=1)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        await live.commits.final(live.service, await live.service.trim(video["id"], 0, 0.2))  # all is warm now
        figures, job_id = await _jobs(live, video["id"])
        for path, limit_ms, limit_cpu_ms in ((f"/status/{job_id}", 5, 0.8), (f"/jobs/{job_id}", None, None)):
            name = path.replace(job_id, "{id}")
            calls_ms, cpu_ms = await asyncio.to_thread(_calls, live, path)
            figures.append(Figure.median(f"GET {name}, one kept connection", calls_ms, "ms", limit=limit_ms))
            figures.append(Figure.median(f"GET {name}, processor time of the API", cpu_ms, "ms", limit=limit_cpu_ms))
        figures.append(await _listeners(live, folder))
        figures.append(Figure.median("upload of a small clip, to 201", await _uploads(live, clip), "ms"))
        async with recipes.prober(probe_rules(live.service.settings)) as prober:
            figures.append(Figure.median("probe of a small clip", await _probes(prober, clip), "ms"))
    return figures


async def _jobs(live: Running, video_id: str) -> tuple[list[Figure], str]:
    """One job at a time; from the commit that made it to the commit that took it, and to the one that ended it."""
    picked_up_ms, ended_ms, ids = [], [], []
    for _ in range(JOBS):
        job_id = await live.service.trim(video_id, 0, 0.2)
        await live.commits.begun(job_id)
        await live.commits.final(live.service, job_id)
        pending, started, *_, end = await live.commits.of(job_id)
        picked_up_ms.append(1000 * (started - pending))
        ended_ms.append(1000 * (end - pending))
        ids.append(job_id)
    rows = await live.service.sql(
        "SELECT job_id, type, created_at FROM job_events WHERE job_id = ANY($1::uuid[]) ORDER BY job_id, seq", ids
    )
    moments: dict[object, dict[str, datetime]] = {}
    for row in rows:
        moments.setdefault(row["job_id"], {})[row["type"]] = row["created_at"]
    events_ms = [1000 * (at["STARTED"] - at["PENDING"]).total_seconds() for at in moments.values()]
    return [
        Figure.median("job pick-up: commit of the 202 to commit of STARTED", picked_up_ms, "ms", limit=50),
        Figure.median("job pick-up by the events' timestamps", events_ms, "ms", limit=50),
        Figure.median("tiny trim: commit of the 202 to SUCCESS", ended_ms, "ms"),
    ], job_id


def _calls(live: Running, path: str) -> tuple[list[float], list[float]]:
    """Of CALLS: how long each took, and what one cost the API, by rounds."""
    connection = http.client.HTTPConnection("127.0.0.1", live.service.settings.app_port, timeout=30)
    taken_ms, cpu_ms = [], []
    for _ in range(CALLS // CALLS_A_ROUND):
        before_s = own_s(live.service.api.pid)
        for _ in range(CALLS_A_ROUND):
            began = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            taken_ms.append(1000 * (time.perf_counter() - began))
            if answer.status != 200:
                raise RuntimeError(f"status {answer.status}")
        cpu_ms.append(1000 * (own_s(live.service.api.pid) - before_s) / CALLS_A_ROUND)
    connection.close()
    return taken_ms, cpu_ms


async def _listeners(live: Running, folder: Path) -> Figure:
    """What the API spends on those who follow one job that is at work."""
    clip = await asyncio.to_thread(clips.long, folder / "long.mp4", size="1280x720", duration_s=120)
    video = await live.service.upload(clip)
    answer = await live.service.client.post(f"/transcode/{video['id']}", json={"qualities": ["720p"], "preset": "slow"})
    job_id = answer.raise_for_status().json()["job_id"]
    heard = [0] * LISTENERS
    async with asyncio.TaskGroup() as tasks:
        following = [tasks.create_task(_follow(live, job_id, heard, number)) for number in range(LISTENERS)]
        async with asyncio.timeout(60):
            while min(heard) < 3:  # PENDING, STARTED, progress
                await asyncio.sleep(0.1)
        already, before_s = sum(heard), own_s(live.service.api.pid)
        await asyncio.sleep(LISTENED_S)
        taken_s, told = own_s(live.service.api.pid) - before_s, sum(heard) - already
        for one in following:
            one.cancel()
    if (await live.service.job(job_id))["status"] != "STARTED":
        raise RuntimeError(f"the job ended within {LISTENED_S} s")
    await live.service.client.post(f"/jobs/{job_id}/cancel")
    note = f"{told / LISTENERS / LISTENED_S:.1f} events a second to each"
    return Figure(
        f"{LISTENERS} listeners of one job for {LISTENED_S} s, processor time of the API", taken_s, "s", 0.3, note
    )


async def _follow(live: Running, job_id: str, heard: list[int], number: int) -> None:
    """Count the events that arrive, until cancelled."""
    async with live.service.client.stream("GET", f"/jobs/{job_id}/events", timeout=None) as answer:
        async for line in answer.aiter_lines():
            heard[number] += line.startswith("event:")


async def _uploads(live: Running, clip: Path) -> list[float]:
    taken_ms = []
    for _ in range(UPLOADS):
        began = time.perf_counter()
        await live.service.upload(clip)
        taken_ms.append(1000 * (time.perf_counter() - began))
    return taken_ms


async def _probes(prober: Prober, clip: Path) -> list[float]:
    taken_ms = []
    for _ in range(PROBES):
        began = time.perf_counter()
        await prober.probe(clip)
        taken_ms.append(1000 * (time.perf_counter() - began))
    return taken_ms

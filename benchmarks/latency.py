"""Latency: how long until a worker has the job, until a status is answered, until an upload is known."""

from __future__ import annotations

import asyncio
import http.client
import time
from datetime import datetime
from pathlib import Path

from benchmarks import clips
from benchmarks.report import Figure
from benchmarks.running import Running, running
from reelwright.media.ffmpeg import capabilities
from reelwright.media.probe.prober import Prober

JOBS = 100
CALLS = 1000
UPLOADS = 40
PROBES = 100


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "tiny.mp4", size="160x90", duration_s=1)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        await live.commits.final(live.service, await live.service.trim(video["id"], 0, 0.2))  # all is warm now
        figures, job_id = await _jobs(live, video["id"])
        calls_ms = await asyncio.to_thread(_status, live.service.settings.app_port, job_id)
        figures.append(Figure.median("GET /status/{id}, one kept connection", calls_ms, "ms", limit=5))
        figures.append(Figure.median("upload of a small clip, to 201", await _uploads(live, clip), "ms"))
        async with Prober(capabilities.probe_rules(live.service.settings)) as prober:
            figures.append(Figure.median("probe of a small clip", await _probes(prober, clip), "ms"))
    return figures


async def _jobs(live: Running, video_id: str) -> tuple[list[Figure], str]:
    """One job at a time; from the commit that made it to the commit that took it, and to the one that ended it."""
    picked_up_ms, ended_ms, ids = [], [], []
    for _ in range(JOBS):
        job_id = await live.service.trim(video_id, 0, 0.2)
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


def _status(port: int, job_id: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken_ms = []
    for _ in range(CALLS):
        began = time.perf_counter()
        connection.request("GET", f"/status/{job_id}")
        answer = connection.getresponse()
        answer.read()
        taken_ms.append(1000 * (time.perf_counter() - began))
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")
    connection.close()
    return taken_ms


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

"""Results that copy: what a smart trim and an overlay for a while take, all of the worker's work and its proof, beside
coding all of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from benchmarks import clips, processes
from benchmarks.report import Figure
from benchmarks.running import Running, processor_s, processor_since, running
from benchmarks.trim import output_seek

DURATION_S = 600
CASES: dict[str, tuple[tuple[float, float], float]] = {
    "15 s late in 10 min": ((571.3, 586.3), 1 / 18),
    "5 min of 10": ((131.3, 431.3), 1 / 60),
}
"""By what is cut: from when to when, and the most that it may take beside coding it."""
WINDOW_S, WINDOW_LIMIT = (30.4, 35.4), 0.20
"""When a text is laid over a minute of video, and the most that it may take beside coding the minute."""


async def measure(folder: Path) -> list[Figure]:
    return [*await _cuts(folder), *await window(folder)]


async def window(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.long, folder / "minute.mp4", size="1920x1080", duration_s=60)
    figures: list[Figure] = []
    async with running(folder) as live:
        video = await live.service.upload(clip)
        await _cut(live, video, (1.3, 9.3), "smart")  # after it its program is warm, and the worker is known
        shown = (await _ask(live, video, "all", validate_only="true")).json()
        whole = {"plan": shown["plan"], "commands": [command["argv"] for command in shown["commands"]]}
        argv = live.argv(whole, source=live.stored(video), target=folder / "whole.mp4")
        before = processor_s(live)
        asked = (await _ask(live, video, "touched")).json()
        job = await live.commits.final(live.service, asked["job_id"])
        touched_s = await processor_since(live, before)
        coded = await processes.run(argv, cwd=folder)
        frames = job["frames"]
        told = f"{frames['copied']} frames copied, {frames['encoded']} coded"
        figures += [
            Figure("5 s of a minute laid over, all coded: processor", coded.cpu_s, "s"),
            Figure("5 s of a minute laid over, touched frames: processor", touched_s, "s", note=told),
            Figure("5 s of a minute, touched / all", touched_s / coded.cpu_s, "", limit=WINDOW_LIMIT),
        ]
    return figures


async def _ask(live: Running, video: dict[str, Any], reencode: str, **query: str) -> httpx.Response:
    start, end = WINDOW_S
    text = {"type": "text", "text": "Chapter one", "font_size": 64, "position": "bottom", "fade_in": 0.5}
    body = {"video_id": video["id"], "overlays": [text | {"start": start, "end": end}], "reencode": reencode}
    response = await live.service.client.post("/overlays", json=body, params=query)
    return response.raise_for_status()


async def _cuts(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.long, folder / "long.mp4", size="1920x1080", duration_s=DURATION_S)
    figures: list[Figure] = []
    async with running(folder) as live:
        video = await live.service.upload(clip)
        exact = await _cut(live, video, (1.3, 2.3), "exact")
        argv = live.argv(exact, source=live.stored(video), target=folder / "coded.mp4")
        await _cut(live, video, (1.3, 9.3), "smart")  # its program is warm after it
        for what, (interval_s, limit) in CASES.items():
            before = processor_s(live)
            job = await _cut(live, video, interval_s, "smart")
            smart_s = await processor_since(live, before)
            (folder / "coded.mp4").unlink(missing_ok=True)
            coded = await processes.run(output_seek(argv, live.stored(video), interval_s), cwd=folder)
            frames = job["frames"]
            told = f"{frames['copied']} frames copied, {frames['encoded']} coded"
            figures += [
                Figure(f"{what}, `-i IN -ss -to`: processor", coded.cpu_s, "s"),
                Figure(f"{what}, smart: processor", smart_s, "s", note=told),
                Figure(f"{what}, smart / coded", smart_s / coded.cpu_s, "", limit=limit),
            ]
    return figures


async def _cut(live: Running, video: dict[str, Any], interval_s: tuple[float, float], mode: str) -> dict[str, Any]:
    return await live.commits.final(live.service, await live.service.trim(video["id"], *interval_s, mode=mode))

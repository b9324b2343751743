"""Cuts that copy: what a smart trim takes, all of the worker's work and its proof, beside coding the same interval."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

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


async def measure(folder: Path) -> list[Figure]:
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

"""Previews: how long until the frame of an edit is there, on a service that has nothing else to do."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from benchmarks import clips
from benchmarks.edits import TEXT, WATERMARK
from benchmarks.report import Figure
from benchmarks.running import running

LENGTH_S, LOOKS, SEED = 60, 40, 11
P95_LIMIT_S = 1.0

EDITS: dict[str, list[dict[str, Any]]] = {
    "trim, text and watermark": [
        {"type": "trim", "start": 2, "end": 58},
        {"type": "overlay", "layers": [TEXT, {"type": "watermark", **WATERMARK}]},
    ],
    "a vertical clip before a blur": [{"type": "fit", "aspect": "vertical", "fill": "blur"}],
    "silent parts cut out, faster": [
        {"type": "cut", "intervals": [{"start": 5, "end": 9}, {"start": 20, "end": 31}]},
        {"type": "speed", "factor": 1.5},
    ],
}


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.long, folder / "clip.mp4", size="1920x1080", duration_s=LENGTH_S)
    figures, chance = list[Figure](), random.Random(SEED)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        for name, steps in EDITS.items():
            taken = []
            for number in range(LOOKS + 1):
                asked = {"source": video["id"], "steps": steps, "t": round(chance.uniform(0, 25), 3)}
                began = time.perf_counter()
                (await live.service.client.post("/edits/preview", json=asked)).raise_for_status()
                if number:  # the first draws the texts
                    taken.append(time.perf_counter() - began)
            taken.sort()
            figures.append(Figure.median(f"{name}: a frame of 1080p", taken, "s"))
            figures.append(Figure(f"{name}: 19 of 20 within", taken[LOOKS * 19 // 20 - 1], "s", P95_LIMIT_S))
    return figures

"""Sizing: how much video one core works through in an hour, for the usual edits at the usual sizes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import clips
from benchmarks.processes import TreeTime
from benchmarks.report import Figure
from benchmarks.running import Running, running

ROUNDS = 3
CLIP_S = 20
CLEARING_UP_S = 0.1
SIZES = {"720p": "1280x720", "1080p": "1920x1080"}
LADDERS = {"720p": ("720p", "480p", "360p"), "1080p": ("1080p", "720p", "480p")}
TITLE = {"type": "text", "text": "Reelwright", "start": 1, "end": CLIP_S - 1}
OVERLAYS = {"overlays": [TITLE], "watermark": {"image_path": "wm.png"}}


async def measure(folder: Path) -> list[Figure]:
    """Hours of source video per hour of one core's time: the processor time of the worker and all its children."""
    figures = []
    async with running(folder) as live:
        for size, pixels in SIZES.items():
            clip = await asyncio.to_thread(clips.encoded, folder / f"{size}.mp4", size=pixels, duration_s=CLIP_S)
            video = await live.service.upload(clip)
            edits: dict[str, tuple[str, dict[str, Any]]] = {
                "trim": ("/trim", {"video_id": video["id"], "start": 0.01, "end": CLIP_S}),
                "text and watermark": ("/overlays", {"video_id": video["id"], **OVERLAYS}),
                f"ladder {', '.join(LADDERS[size])}": (f"/transcode/{video['id']}", {"qualities": LADDERS[size]}),
            }
            for name, (path, body) in edits.items():
                rates = [CLIP_S / await _processor_s(live, path, body) for _ in range(ROUNDS)]
                figures.append(Figure.median(f"{size}, {name}", rates, "h/core-h"))
    return figures


async def _processor_s(live: Running, path: str, body: dict[str, Any]) -> float:
    """What the worker and its children took for one such job."""
    before = TreeTime.of(live.worker.pid)
    await live.done(path, body)
    await asyncio.sleep(CLEARING_UP_S)  # what the worker does after its commit counts as well
    after = TreeTime.of(live.worker.pid)
    return after.ours_s + after.waited_s - before.ours_s - before.waited_s

"""Overlays: several layers in one encode, against the same laid on one after the other and against bare ffmpeg."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import clips
from benchmarks.chained import compared
from benchmarks.report import Figure
from benchmarks.running import Running, running

ROUNDS = 5
CHAINED_LIMIT = 0.35
BARE_LIMIT = 1.05

LAYERS: list[dict[str, Any]] = [
    {"type": "text", "text": "नमस्ते दुनिया", "font_size": 48, "x": "w-tw-20", "y": "h-th-80", "start": 1.5, "end": 8},
    {"type": "image", "image_path": "logo.png", "x": 20, "y": 20, "opacity": 0.6},
    {"type": "text", "text": "Chapter one", "font_size": 64, "x": "(w-tw)/2", "y": 40, "fade_in": 1, "fade_out": 1},
]
WATERMARK: dict[str, Any] = {"image_path": "wm.png", "x": "W-w-20", "y": "H-h-20", "opacity": 0.5}


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "clip.mp4", size="1280x720", duration_s=20)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        found = await compared(live, video, folder, _together, _chain, rounds=ROUNDS)
    return [
        Figure.median("bare ffmpeg, the same graph: processor", found.bare, "s"),
        Figure.median("three overlays and a watermark in one job", found.together, "s"),
        Figure.median("the same as four jobs, each on the one before", found.chained, "s"),
        Figure.median("one job / four jobs", found.to_chained, "", limit=CHAINED_LIMIT),
        Figure.median("one job, its proof apart / bare ffmpeg", found.to_bare, "", limit=BARE_LIMIT),
    ]


async def _together(live: Running, video: dict[str, Any]) -> dict[str, Any]:
    return await live.done("/overlays", {"video_id": video["id"], "overlays": LAYERS, "watermark": WATERMARK})


async def _chain(live: Running, video: dict[str, Any]) -> None:
    variant = None
    bodies: list[dict[str, Any]] = [*({"overlays": [layer]} for layer in LAYERS), {"watermark": WATERMARK}]
    for body in bodies:
        job = await live.done("/overlays", {"video_id": video["id"], "source_variant_id": variant, **body})
        variant = job["output_variant_id"]

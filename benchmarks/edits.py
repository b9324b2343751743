"""Whole edits: trim, text, watermark and 480p in one request, against four jobs one after the other and bare ffmpeg."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import clips
from benchmarks.chained import compared
from benchmarks.report import Figure, ratios
from benchmarks.running import Running, running

ROUNDS = 5
CHAINED_LIMIT, BARE_LIMIT, PROOF_LIMIT = 0.16, 1.05, 0.10

TRIM: dict[str, Any] = {"start": 2, "end": 18}
TEXT: dict[str, Any] = {"type": "text", "text": "नमस्ते दुनिया", "font_size": 64, "x": 40, "y": 40, "start": 1, "end": 9}
WATERMARK: dict[str, Any] = {"image_path": "wm.png", "x": "W-w-20", "y": "H-h-20", "opacity": 0.5}


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "clip.mp4", size="1920x1080", duration_s=20)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        found = await compared(live, video, folder, _edited, _chain, rounds=ROUNDS)
    return [
        Figure.median("bare ffmpeg, the same graph: processor", found.bare, "s"),
        Figure.median("trim, text, watermark and 480p in one edit", found.together, "s"),
        Figure.median("the same as four jobs, each on the one before", found.chained, "s"),
        Figure.median("one edit / four jobs", found.to_chained, "", limit=CHAINED_LIMIT),
        Figure.median("one edit, its proof apart / bare ffmpeg", found.to_bare, "", limit=BARE_LIMIT),
        Figure.median("the proof / the edit", ratios(found.proven, found.together), "", limit=PROOF_LIMIT),
    ]


async def _edited(live: Running, video: dict[str, Any]) -> dict[str, Any]:
    steps = [{"type": "trim", **TRIM}, {"type": "overlay", "layers": [TEXT, {"type": "watermark", **WATERMARK}]}]
    return await live.done("/edits", {"source": video["id"], "steps": steps, "outputs": ["mp4:480p"]})


async def _chain(live: Running, video: dict[str, Any]) -> None:
    trimmed = await live.done("/trim", {"video_id": video["id"], **TRIM})
    named = await live.done("/overlays", {"video_id": trimmed["output_variant_id"], "overlays": [TEXT]})
    marked = await live.done("/overlays", {"video_id": named["output_variant_id"], "watermark": WATERMARK})
    await live.done(f"/transcode/{marked['output_variant_id']}", {"qualities": ["480p"]})

"""Overlays: several layers in one encode, against the same laid on one after the other and against bare ffmpeg."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import clips, processes
from benchmarks.proofs import proofs
from benchmarks.report import Figure, ratios
from benchmarks.running import Running, processor_s, processor_since, running

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
        job = await _laid(live, video, overlays=LAYERS, watermark=WATERMARK)  # fonts and pictures are known after it
        argv = live.argv(job, source=live.stored(video), target=folder / "bare.mp4")
        bare, together, chained = [], [], []
        for _ in range(ROUNDS):
            (folder / "bare.mp4").unlink(missing_ok=True)
            bare.append((await processes.run(argv, cwd=folder)).cpu_s)
            before = processor_s(live)
            await _laid(live, video, overlays=LAYERS, watermark=WATERMARK)
            together.append(await processor_since(live, before))
            before = processor_s(live)
            await _chain(live, video)
            chained.append(await processor_since(live, before))
        proven = [one.cpu_s for one in await proofs(live, video, job, ROUNDS)]
    ours = ratios(together, chained)
    made = [one - proof for one, proof in zip(together, proven, strict=True)]
    added = ratios(made, bare)
    return [
        Figure.median("bare ffmpeg, the same graph: processor", bare, "s"),
        Figure.median("three overlays and a watermark in one job", together, "s"),
        Figure.median("the same as four jobs, each on the one before", chained, "s"),
        Figure.median("one job / four jobs", ours, "", limit=CHAINED_LIMIT),
        Figure.median("one job, its proof apart / bare ffmpeg", added, "", limit=BARE_LIMIT),
    ]


async def _laid(live: Running, video: dict[str, Any], **body: Any) -> dict[str, Any]:
    response = await live.service.client.post("/overlays", json={"video_id": video["id"], **body})
    response.raise_for_status()
    return await live.commits.final(live.service, response.json()["job_id"])


async def _chain(live: Running, video: dict[str, Any]) -> None:
    variant = None
    bodies: list[dict[str, Any]] = [*({"overlays": [layer]} for layer in LAYERS), {"watermark": WATERMARK}]
    for body in bodies:
        job = await _laid(live, video, source_variant_id=variant, **body)
        variant = job["output_variant_id"]

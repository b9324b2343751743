"""Whole edits: trim, text, watermark and 480p in one request, against four jobs one after the other and bare ffmpeg."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import clips, processes
from benchmarks.proofs import proofs
from benchmarks.report import Figure, ratios
from benchmarks.running import Running, processor_s, processor_since, running

ROUNDS = 5
CHAINED_LIMIT, BARE_LIMIT, PROOF_LIMIT = 0.16, 1.05, 0.10

TRIM: dict[str, Any] = {"start": 2, "end": 18}
TEXT: dict[str, Any] = {"type": "text", "text": "नमस्ते दुनिया", "font_size": 64, "x": 40, "y": 40, "start": 1, "end": 9}
WATERMARK: dict[str, Any] = {"image_path": "wm.png", "x": "W-w-20", "y": "H-h-20", "opacity": 0.5}


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "clip.mp4", size="1920x1080", duration_s=20)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        job = await _edited(live, video)  # fonts and pictures are known after it
        argv = live.argv(job, source=live.stored(video), target=folder / "bare.mp4")
        bare, together, chained = [], [], []
        for _ in range(ROUNDS):
            (folder / "bare.mp4").unlink(missing_ok=True)
            bare.append((await processes.run(argv, cwd=folder)).cpu_s)
            before = processor_s(live)
            await _edited(live, video)
            together.append(await processor_since(live, before))
            before = processor_s(live)
            await _chain(live, video)
            chained.append(await processor_since(live, before))
        proven = [one.cpu_s for one in await proofs(live, video, job, ROUNDS)]
    ours = ratios(together, chained)
    made = [one - proof for one, proof in zip(together, proven, strict=True)]
    added = ratios(made, bare)
    parts = ratios(proven, together)
    return [
        Figure.median("bare ffmpeg, the same graph: processor", bare, "s"),
        Figure.median("trim, text, watermark and 480p in one edit", together, "s"),
        Figure.median("the same as four jobs, each on the one before", chained, "s"),
        Figure.median("one edit / four jobs", ours, "", limit=CHAINED_LIMIT),
        Figure.median("one edit, its proof apart / bare ffmpeg", added, "", limit=BARE_LIMIT),
        Figure.median("the proof / the edit", parts, "", limit=PROOF_LIMIT),
    ]


async def _edited(live: Running, video: dict[str, Any]) -> dict[str, Any]:
    steps = [{"type": "trim", **TRIM}, {"type": "overlay", "layers": [TEXT, {"type": "watermark", **WATERMARK}]}]
    return await done(live, "/edits", {"source": video["id"], "steps": steps, "outputs": ["mp4:480p"]})


async def _chain(live: Running, video: dict[str, Any]) -> None:
    trimmed = await done(live, "/trim", {"video_id": video["id"], **TRIM})
    named = await done(live, "/overlays", {"video_id": trimmed["output_variant_id"], "overlays": [TEXT]})
    marked = await done(live, "/overlays", {"video_id": named["output_variant_id"], "watermark": WATERMARK})
    await done(live, f"/transcode/{marked['output_variant_id']}", {"qualities": ["480p"]})


async def done(live: Running, route: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await live.service.client.post(route, json=body)
    response.raise_for_status()
    return await live.commits.final(live.service, response.json()["job_id"])

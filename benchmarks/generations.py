"""Edits of edits: made of the original by all steps at once, or each of the file that the one before it made."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from benchmarks.edits import TEXT
from benchmarks.report import Figure
from benchmarks.running import Running, running
from tests.support.media_files import ffmpeg

EDITS: tuple[dict[str, Any], ...] = (
    {"steps": [{"type": "trim", "start": 1, "end": 7}]},
    {"steps": [{"type": "overlay", "layers": [TEXT]}]},
    {"steps": [{"type": "crop", "aspect": "square"}], "outputs": ["mp4:480p"]},
)
PICTURES = {
    "things that move": "testsrc2=size=1280x720:rate=30",
    "a zoom": "mandelbrot=size=1280x720:rate=30",
    "grain": "mandelbrot=size=1280x720:rate=30,noise=alls=12:allf=t",
}
NEARLY_LOSSLESS = 4
"""The constant rate factor of what both are compared with: all steps at once, of the original."""


async def measure(folder: Path) -> list[Figure]:
    figures = []
    async with running(folder) as live:
        for number, (name, picture) in enumerate(PICTURES.items()):
            source = folder / f"source{number}.mp4"
            inputs = ("-f", "lavfi", "-i", picture, "-t", "8", "-pix_fmt", "yuv420p")
            await asyncio.to_thread(
                ffmpeg, *inputs, "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", str(source)
            )
            video = (await live.service.upload(source))["id"]
            together = {"steps": [step for edit in EDITS for step in edit["steps"]]}
            whole = {"qualities": ["480p"], "crf": NEARLY_LOSSLESS, "preset": "ultrafast"}
            wanted = await live.service.result(await _edited(live, video, {**together, "outputs": [whole]}))
            composed = await live.service.result(await _chain(live, video, by_files=False))
            stepwise = await live.service.result(await _chain(live, video, by_files=True))
            ours, theirs = [await asyncio.to_thread(_likeness, folder, one, wanted) for one in (composed, stepwise)]
            if ours["frames"] != theirs["frames"]:
                raise RuntimeError(f"{ours['frames']} frames of the original, {theirs['frames']} step by step")
            figures += [
                Figure(f"{name}: VMAF, made of the original", ours["vmaf"], "", note=f"{ours['frames']} frames"),
                Figure(f"{name}: VMAF, step by step", theirs["vmaf"], "", note=f"{theirs['frames']} frames"),
                Figure(f"{name}: step by step / of the original", theirs["vmaf"] / ours["vmaf"], "", limit=1.0),
            ]
    return figures


async def _chain(live: Running, video: str, *, by_files: bool) -> str:
    """One edit after the other; `by_files`: each of what the one before it made, as a stranger's file."""
    source, job = video, ""
    for edit in EDITS:
        job = await _edited(live, source, edit)
        source = (await live.service.job(job))["output_variant_id"]
        if by_files:
            source = (await live.service.upload(await live.service.result(job)))["id"]
    return job


async def _edited(live: Running, source: str, edit: dict[str, Any]) -> str:
    return str((await live.done("/edits", {"source": source, **edit}))["job_id"])


def _likeness(folder: Path, made: Path, wanted: Path) -> dict[str, Any]:
    """How alike two videos are, frame by frame, and how many frames that are."""
    log = folder / "vmaf.json"
    inputs = ("-i", str(made), "-i", str(wanted), "-an")
    ffmpeg(*inputs, "-lavfi", f"libvmaf=log_fmt=json:log_path={log}", "-f", "null", "-")
    found = json.loads(log.read_text())
    return {"vmaf": found["pooled_metrics"]["vmaf"]["mean"], "frames": len(found["frames"])}

"""Ladder: several qualities by one decode, against a job for each and against bare ffmpeg."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks import clips, processes
from benchmarks.processes import TreeTime
from benchmarks.proofs import proofs
from benchmarks.report import Figure, ratios
from benchmarks.running import Running, running
from reelwright.media.ffmpeg import executable

ROUNDS = 5
QUALITIES = ("1080p", "720p", "480p")
SEPARATE_LIMIT = 0.90
BARE_LIMIT = 1.03
CLEARING_UP_S = 0.1


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "clip.mp4", size="1920x1080", duration_s=10)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        job, _ = await _made(live, video, *QUALITIES)
        argv, targets = _bare(live, job, video, folder)
        bare, together, separate = [], [], []
        for _ in range(ROUNDS):
            for target in targets:
                target.unlink(missing_ok=True)
            bare.append((await processes.run(argv, cwd=folder)).cpu_s)
            together.append((await _made(live, video, *QUALITIES))[1])
            separate.append(sum([(await _made(live, video, quality))[1] for quality in QUALITIES]))
        proven = [one.cpu_s for one in await proofs(live, video, job, ROUNDS)]
    ours = ratios(together, separate)
    made = [one - proof for one, proof in zip(together, proven, strict=True)]
    added = ratios(made, bare)
    names = ", ".join(QUALITIES)
    return [
        Figure.median(f"bare ffmpeg, {names}: processor", bare, "s"),
        Figure.median("the same in one job", together, "s"),
        Figure.median("the same as three jobs", separate, "s"),
        Figure.median("one job / three jobs", ours, "", limit=SEPARATE_LIMIT),
        Figure.median("one job, its proofs apart / bare ffmpeg", added, "", limit=BARE_LIMIT),
    ]


def _bare(live: Running, job: dict[str, Any], video: dict[str, Any], folder: Path) -> tuple[list[str], list[Path]]:
    """The job's one command with its slots filled, and what it makes."""
    (command,) = job["commands"]
    targets = [folder / f"bare{number}.mp4" for number in range(len(QUALITIES))]
    slots = {"<in0>": f"file:{live.stored(video)}"}
    slots |= {f"<out{number}>": f"file:{target}" for number, target in enumerate(targets)}
    program = executable.ffmpeg_path(live.service.settings)
    return [str(program), *(slots.get(word, word) for word in command[1:])], targets


async def _made(live: Running, video: dict[str, Any], *qualities: str) -> tuple[dict[str, Any], float]:
    """A finished job, and the processor time of the worker and its children for it."""
    before = _processor_s(live)
    job = await live.done(f"/transcode/{video['id']}", {"qualities": qualities})
    await asyncio.sleep(CLEARING_UP_S)  # what the worker does after its commit counts as well
    return job, _processor_s(live) - before


def _processor_s(live: Running) -> float:
    time = TreeTime.of(live.worker.pid)
    return time.ours_s + time.waited_s

"""Trim: what seeking in the input saves over decoding all that precedes, and whether reading stops after the end."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

from benchmarks import clips, processes
from benchmarks.report import Figure
from benchmarks.running import running

DURATION_S = 600
LATE_S = (590, 595)
EARLY_S = (30, 35)
ROUNDS = 3
READ_TOO = "with the file's index, and the output once more to move its index to the front"


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.long, folder / "long.mp4", size="640x360", duration_s=DURATION_S)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        late = await live.commits.final(live.service, await live.service.trim(video["id"], *LATE_S))
        early = await live.commits.final(live.service, await live.service.trim(video["id"], *EARLY_S))
        source, target = live.stored(video), folder / "out.mp4"
        ours = live.argv(late, source=source, target=target)
        theirs = output_seek(ours, LATE_S)
        pairs = [[await _fresh(argv, target) for argv in (theirs, ours)] for _ in range(ROUNDS)]
        stopping = await _fresh(live.argv(early, source=source, target=target), target)
        length = f"{LATE_S[1] - LATE_S[0]} s of {DURATION_S} s"
        size_bytes = source.stat().st_size
    return [
        Figure.median(f"{length}, at the end, output seek: processor", [one.cpu_s for one, _ in pairs], "s"),
        Figure.median(f"{length}, at the end, ours: processor", [two.cpu_s for _, two in pairs], "s"),
        Figure("ours / output seek: processor", statistics.median(b.cpu_s / a.cpu_s for a, b in pairs), "", limit=1),
        Figure("ours / output seek: wall", statistics.median(b.wall_s / a.wall_s for a, b in pairs), "", limit=1),
        Figure(f"{length}, at the end: read", _percent(pairs[-1][1], size_bytes), "% of the file", note=READ_TOO),
        Figure(f"{length}, near the start: read", _percent(stopping, size_bytes), "% of the file"),
    ]


def output_seek(argv: list[str], interval_s: tuple[float, float]) -> list[str]:
    """The same encode the other way: decode from the start, drop what is early, stop at the end."""
    start_s, end_s = interval_s
    other = list(argv)
    for option in ("-ss", "-filter_complex"):
        at = other.index(option)
        del other[at : at + 2]
    del other[other.index("-copyts")]
    while "-map" in other:
        at = other.index("-map")
        del other[at : at + 2]
    at = other.index("-i") + 2
    return [*other[:at], "-ss", str(start_s), "-to", str(end_s), "-pix_fmt", "yuv420p", *other[at:]]


async def _fresh(argv: list[str], target: Path) -> processes.Used:
    target.unlink(missing_ok=True)
    return await processes.run(argv, cwd=target.parent)


def _percent(used: processes.Used, size_bytes: int) -> float:
    return 100 * used.read_bytes / size_bytes

"""Trim: what seeking in the input saves over decoding all that precedes, and whether reading stops after the end."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path

from benchmarks import clips, processes
from benchmarks.report import Figure
from benchmarks.running import running
from reelwright.media.probe.prober import Prober, probe_rules
from tests.support import recipes

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
        theirs = output_seek(ours, source, LATE_S)
        pairs = []
        async with recipes.prober(probe_rules(live.service.settings)) as prober:
            for _ in range(ROUNDS):
                pair = [await _made(argv, target, prober) for argv in (theirs, ours)]
                if pair[0][1] != pair[1][1]:
                    raise RuntimeError(f"not the same work: {pair[0][1]} and {pair[1][1]} frames")
                pairs.append([used for used, _ in pair])
            stopping, _ = await _made(live.argv(early, source=source, target=target), target, prober)
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


def output_seek(argv: list[str], source: Path, interval_s: tuple[float, float]) -> list[str]:
    """The same encode the other way: decode from the start, drop what is early, stop at the end."""
    start_s, end_s = interval_s
    encode = argv[argv.index("-c:v") :]
    head = [argv[0], "-nostdin", "-v", "error", "-i", str(source)]
    return [*head, "-ss", str(start_s), "-to", str(end_s), "-pix_fmt", "yuv420p", *encode]


async def _made(argv: list[str], target: Path, prober: Prober) -> tuple[processes.Used, int | None]:
    """What making the target took, and how many frames it has."""
    target.unlink(missing_ok=True)
    used = await processes.run(argv, cwd=target.parent)
    return used, (await prober.probe(target)).main_video.frame_count


def _percent(used: processes.Used, size_bytes: int) -> float:
    return 100 * used.read_bytes / size_bytes

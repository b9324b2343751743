"""Overhead: what the service adds to the bare ffmpeg command of the same job, in wall and processor time, beside the
proof of the result."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import clips, processes
from benchmarks.processes import TreeTime, Used
from benchmarks.proofs import Proof, proofs
from benchmarks.report import Figure
from benchmarks.running import Running, running

ROUNDS = 9
SHORT_ROUNDS = 25
LONG_S = (2, 20)
SHORT_S = (2, 2.2)
WALL_LIMIT_MS = 150
SHARE_LIMIT_PERCENT = 2
PROOF_LIMIT_PERCENT = 10
CLEARING_UP_S = 0.1
"""What the worker does after its commit counts as its processor time, not as the job's wall time."""


@dataclass(frozen=True, slots=True)
class Round:
    """The same work twice: bare, and through the service; and what proving the result took, which is no part of what is
    added here. Seconds."""

    bare: Used
    wall: float
    worker: TreeTime
    proof: Proof

    @property
    def added_wall_ms(self) -> float:
        return 1000 * (self.wall - self.proof.wall_s - self.bare.wall_s)

    @property
    def own_cpu_s(self) -> float:
        return self.worker.ours_s - self.proof.cpu_s

    @property
    def added_cpu_ms(self) -> float:
        return 1000 * (self.own_cpu_s + self.worker.waited_s - self.bare.cpu_s)


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "clip.mp4", size="1280x720", duration_s=30)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        long = await _rounds(live, video, folder / "long.mp4", LONG_S, ROUNDS)
        short = await _rounds(live, video, folder / "short.mp4", SHORT_S, SHORT_ROUNDS)
    return [*_wall(long, short), *_processor(long, short)]


def _wall(long: list[Round], short: list[Round]) -> list[Figure]:
    """The service's own steps come before and after the encode: a short trim shows them with less noise."""
    return [
        Figure.median("long trim, bare: wall", [one.bare.wall_s for one in long], "s"),
        Figure.median("long trim: wall added", [one.added_wall_ms for one in long], "ms", limit=WALL_LIMIT_MS),
        Figure.median("short trim, bare: wall", [1000 * one.bare.wall_s for one in short], "ms"),
        Figure.median("short trim: wall added", [one.added_wall_ms for one in short], "ms", limit=WALL_LIMIT_MS),
    ]


def _processor(long: list[Round], short: list[Round]) -> list[Figure]:
    """What a short trim adds is the constant; what a long one adds beyond it grows with the encode. The worker's own
    part is counted exactly; the rest is what containment costs ffmpeg, and noise."""
    constant_ms = statistics.mean(one.added_cpu_ms for one in short)
    own_constant_ms = 1000 * statistics.mean(one.own_cpu_s for one in short)
    shares = [100 * one.proof.cpu_s / one.bare.cpu_s for one in long]
    share = [(one.added_cpu_ms - constant_ms) / one.bare.cpu_s / 10 for one in long]
    own_share = [(1000 * one.own_cpu_s - own_constant_ms) / one.bare.cpu_s / 10 for one in long]
    return [
        Figure.median("long trim, bare: processor", [one.bare.cpu_s for one in long], "s"),
        Figure.median("long trim: processor of its proof, of that", shares, "%", limit=PROOF_LIMIT_PERCENT),
        Figure("short trim: processor added (mean), to any job alike", constant_ms, "ms"),
        Figure("  of which the worker itself", own_constant_ms, "ms", note="the rest starts and confines ffmpeg"),
        Figure.median("long trim: processor added beyond that", share, "%", limit=SHARE_LIMIT_PERCENT),
        Figure.median("  of which the worker itself", own_share, "%"),
    ]


async def _rounds(
    live: Running, video: dict[str, Any], target: Path, interval_s: tuple[float, float], count: int
) -> list[Round]:
    """Bare and through the service in turns, so that whatever else the machine does meets both."""
    job = await live.commits.final(live.service, await live.service.trim(video["id"], *interval_s))
    argv = live.argv(job, source=live.stored(video), target=target)
    rounds = []
    for proof in await proofs(live, video, job, count):
        target.unlink(missing_ok=True)
        bare = await processes.run(argv, cwd=target.parent)
        wall_s, worker = await _through_service(live, video["id"], interval_s)
        rounds.append(Round(bare, wall_s, worker, proof))
    return rounds


async def _through_service(live: Running, video_id: str, interval_s: tuple[float, float]) -> tuple[float, TreeTime]:
    """Wall time from the request to the commit of SUCCESS, seconds; processor time of the worker and its children."""
    before = TreeTime.of(live.worker.pid)
    began = time.perf_counter()
    job_id = await live.service.trim(video_id, *interval_s)
    await live.commits.final(live.service, job_id)
    ended = (await live.commits.of(job_id))[-1]
    await asyncio.sleep(CLEARING_UP_S)
    return ended - began, TreeTime.of(live.worker.pid) - before

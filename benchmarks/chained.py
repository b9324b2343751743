"""One job that does all, beside the same as several jobs, each on the one before, and beside bare ffmpeg."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.proofs import proofs
from benchmarks.report import ratios
from benchmarks.running import Running, processor_s, processor_since

Work = Callable[[Running, dict[str, Any]], Awaitable[Any]]
"""What is done to a video."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Processor seconds, a round each."""

    bare: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)
    chained: list[float] = field(default_factory=list)
    proven: list[float] = field(default_factory=list)
    """Of `together`, what the proof takes."""

    @property
    def to_chained(self) -> list[float]:
        return ratios(self.together, self.chained)

    @property
    def to_bare(self) -> list[float]:
        """Without the proof, which the bare command does not have."""
        made = [one - proof for one, proof in zip(self.together, self.proven, strict=True)]
        return ratios(made, self.bare)


async def compared(
    live: Running, video: dict[str, Any], folder: Path, together: Work, chain: Work, *, rounds: int
) -> Compared:
    """Measure in turns. `together` returns its job, whose command is the bare one."""
    job = await together(live, video)  # fonts and pictures are known after it
    argv = live.argv(job, source=live.stored(video), target=folder / "bare.mp4")
    found = Compared()
    for _ in range(rounds):
        (folder / "bare.mp4").unlink(missing_ok=True)
        found.bare.append((await processes.run(argv, cwd=folder)).cpu_s)
        for work, taken in ((together, found.together), (chain, found.chained)):
            before = processor_s(live)
            await work(live, video)
            taken.append(await processor_since(live, before))
    found.proven.extend(one.cpu_s for one in await proofs(live, video, job, rounds))
    return found

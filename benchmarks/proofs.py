"""What the proof of an output takes, which is decoded and compared before SUCCESS: apart, for what else a job costs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from benchmarks.processes import TreeTime
from benchmarks.running import Running
from reelwright.edits.plan import Plan
from tests.support import recipes


@dataclass(frozen=True, slots=True)
class Proof:
    wall_s: float
    cpu_s: float


async def proofs(live: Running, video: dict[str, Any], job: dict[str, Any], count: int) -> list[Proof]:
    """Prove the job's outputs again, all of them as often as that."""
    plan, found = msgspec.convert(job["plan"], Plan), list[Proof]()
    several = [{"quality": output["quality"]} for output in job["outputs"]] if len(job["outputs"]) > 1 else [{}]
    made = [await live.service.result(job["job_id"], **which) for which in several]
    async with recipes.prober() as prober:
        inspector = recipes.inspector(prober.server)
        for _ in range(count + 1):
            before, began = TreeTime.of(os.getpid()), time.perf_counter()
            for number, one in enumerate(made):
                await recipes.checked(prober, inspector, plan, number, one, live.stored(video))
            wall_s, spent = time.perf_counter() - began, TreeTime.of(os.getpid()) - before
            found.append(Proof(wall_s, spent.ours_s + spent.waited_s))
    return found[1:]  # the first started the programs

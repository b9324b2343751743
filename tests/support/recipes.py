"""The way of a job from its plan on, without its database: recipe, contained run; with the default settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reelwright.edits.plan import Plan
from reelwright.media.ffmpeg import capabilities
from reelwright.media.ffmpeg.runner import Budget, Report, run
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.compile import compile_plan
from reelwright.settings import Settings

SETTINGS = Settings()
BUDGET = Budget(wall_base_s=60, wall_factor=60, stall_s=30, memory_bytes=8 * 2**30, output_bytes=2**30)


def prober() -> Prober:
    return Prober(capabilities.probe_rules(SETTINGS))


async def make(
    plan: Plan, slots: Mapping[str, Path], *, report: Report = lambda *_: None, settings: Settings = SETTINGS
) -> tuple[str, ...]:
    """Make the plan's outputs; returns what is missing of the source. `slots`: "in0", "out0" and so on; outputs lie in
    one folder, which is made."""
    work = slots["out0"].parent
    work.mkdir(exist_ok=True)
    return await run(
        compile_plan(plan, await capabilities.capabilities(settings)),
        slots,
        ffmpeg=capabilities.ffmpeg_path(settings),
        work=work,
        budget=BUDGET,
        report=report,
    )

"""What an attempt is foretold to take, and what its parts weigh, by what earlier jobs of its project took."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from reelwright.db.models import Job
from reelwright.edits.plan import Plan
from reelwright.jobs import stage_shares
from reelwright.jobs.calibrated_forecast import foretold_at_start
from reelwright.jobs.forecast import drawing_share, work_of
from reelwright.jobs.past_jobs import Past, machine_of
from reelwright.jobs.stage_shares import CHECK, CHECKING_SHARE, COPYING_SHARES, DRAW, RENDER
from reelwright.media.ffmpeg.command import Recipe


class Foresight:
    """`forecast`: as the job is to keep it, once it is known what is made; `lead_s`: as that says."""

    def __init__(self, job: Job, worker: str) -> None:
        self._job = job
        self._worker = worker
        self._past = Past(())
        self._parts: Mapping[str, float] = {RENDER: 1 - CHECKING_SHARE, CHECK: CHECKING_SHARE}
        """Of the whole, in the order of the work."""
        self.forecast: dict[str, Any] | None = None
        self.lead_s = 0.0

    def heed(self, past: Past) -> None:
        """Hear of earlier jobs."""
        self._past = past

    def codes(self, plan: Plan, recipe: Recipe, *, draws: bool = False) -> Recipe:
        """Hear that all of a plan is coded; `draws`: once its subtitles are drawn. Return the recipe with weights as
        earlier jobs have them."""
        work = work_of(self._job.type, plan)
        foretold = foretold_at_start(work, self._past, machine_of(self._worker))
        self.forecast, self.lead_s = msgspec.to_builtins(foretold), foretold.lead_s
        earlier = stage_shares.stages_of(work, self._past)
        recipe, checking = stage_shares.weighed(recipe, CHECKING_SHARE, earlier)
        drawing = drawing_share(plan) if draws else 0.0
        rest = 1 - drawing
        self._parts = {DRAW: drawing, RENDER: rest * (1 - checking), CHECK: rest * checking}
        return recipe

    def copies(self) -> None:
        """Hear that all that can be copied is."""
        constants = {stage: share * (1 - CHECKING_SHARE) for stage, share in COPYING_SHARES.items()} | {
            CHECK: CHECKING_SHARE
        }
        self._parts = stage_shares.shares(constants, stage_shares.stages_of(None, self._past))

    def percent(self, part: str, done: float) -> float:
        """Return how far the attempt is when so much of a part is done, 0 to 1."""
        before = 0.0
        for name, share in self._parts.items():
            if name == part:
                return 100 * (before + share * done)
            before += share
        raise KeyError(part)

    def rendered_percent(self, percent: float) -> float:
        """Return how much of the files is made when the attempt is so far."""
        before = 100 * self._parts.get(DRAW, 0.0)
        return min(max(percent - before, 0.0) / self._rendering, 100.0)

    @property
    def _rendering(self) -> float:
        """What part of the whole it is to make the files, once all is drawn."""
        return 1 - self._parts.get(DRAW, 0.0) - self._parts[CHECK]

    def stored(self, recipe: Recipe) -> dict[str, Any]:
        """Return the recipe, as the job keeps it, with what drawing subtitles before it and checking the outputs weigh
        beside its commands."""
        a_part = sum(command.weight for command in recipe.commands) / self._rendering
        stored: dict[str, Any] = msgspec.to_builtins(recipe)
        if drawing := self._parts.get(DRAW):
            stored["drawing_weight"] = a_part * drawing
        return stored | {"checking_weight": a_part * self._parts[CHECK]}

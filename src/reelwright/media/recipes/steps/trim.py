"""The step `trim`, as filters, behind others; a first trim is part of the opening."""

from __future__ import annotations

from reelwright.edits.steps.keep_and_cut import PlannedKeep
from reelwright.edits.steps.trim import PlannedTrim
from reelwright.media.recipes.scene import Scene
from reelwright.media.recipes.steps import keep_and_cut


def apply(scene: Scene, step: PlannedTrim) -> None:
    keep_and_cut.apply(scene, PlannedKeep(intervals=((step.start_s, step.end_s),)))

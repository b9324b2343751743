"""The step `crop`, as a filter."""

from __future__ import annotations

from reelwright.edits.steps.crop import PlannedCrop
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.recipes.scene import Scene


def apply(scene: Scene, step: PlannedCrop) -> None:
    scene.through(filter_("crop", w=step.width, h=step.height, x=step.x, y=step.y))

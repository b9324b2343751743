"""The steps `rotate` and `flip`, as filters."""

from __future__ import annotations

from reelwright.edits.steps.rotate_and_flip import PlannedFlip, PlannedRotate
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.recipes.scene import Scene


def rotate(scene: Scene, step: PlannedRotate) -> None:
    quarters = {
        90: [filter_("transpose", dir="clock")],
        180: [filter_("hflip"), filter_("vflip")],
        270: [filter_("transpose", dir="cclock")],
    }
    scene.through(*quarters[step.degrees])


def flip(scene: Scene, step: PlannedFlip) -> None:
    scene.through(filter_("hflip" if step.direction == "horizontal" else "vflip"))

"""The steps `fit` and `pad`, as filters."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits import color
from reelwright.edits.geometry import even
from reelwright.edits.steps.fit_and_pad import PlannedFit
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.ffmpeg.graph import Pad, rgb
from reelwright.media.recipes.scene import Scene

SMALL = 8
"""A background is blurred at an eighth of its size: it looks the same and costs little."""
BLUR_SHARE = Fraction(1, 24)
"""The blur's standard deviation, of the canvas's shorter side."""


def apply(scene: Scene, step: PlannedFit) -> None:
    if step.part is not None:
        x, y, width, height = step.part
        scene.through(filter_("crop", w=width, h=height, x=x, y=y))
    if step.blurred:
        _on_itself(scene, step)
        return
    scene.video = _scaled(scene.video, step)
    if step.color is not None and (step.width, step.height) != step.inner:
        filled = rgb(color.parse(step.color))
        scene.through(filter_("pad", width=step.width, height=step.height, x=step.x, y=step.y, color=filled))


def _scaled(pad: Pad, step: PlannedFit) -> Pad:
    width, height = step.inner
    return pad.then(filter_("scale", w=width, h=height, flags="bicubic"), filter_("setsar", sar=1))


def _on_itself(scene: Scene, step: PlannedFit) -> None:
    """The picture over itself: so large that it covers the canvas, and blurred."""
    ground, above = scene.graph.split(scene.video, 2)
    small = even((max(step.width // SMALL, 16), max(step.height // SMALL, 16)))
    sigma = max(Fraction(1), min(small) * BLUR_SHARE)
    ground = ground.then(
        filter_("scale", w=small[0], h=small[1], force_original_aspect_ratio="increase", flags="area"),
        filter_("crop", w=small[0], h=small[1]),
        filter_("gblur", sigma=sigma),
        filter_("scale", w=step.width, h=step.height, flags="bicubic"),
        filter_("setsar", sar=1),
    )
    form = {"format": "yuv420p10"} if scene.deep else {}
    laid = filter_("overlay", x=step.x, y=step.y, **form)
    scene.video = scene.graph.joined([ground, _scaled(above, step)], laid)
    scene.stamped()

"""The step `fade`, as filters."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits import color
from reelwright.edits.steps.fade import PlannedFade
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.ffmpeg.graph import rgb
from reelwright.media.recipes.audio_filters import fades
from reelwright.media.recipes.scene import Scene


def apply(scene: Scene, step: PlannedFade) -> None:
    up, down, length = Fraction(step.in_s), Fraction(step.out_s), scene.state.length
    filled = rgb(color.parse(step.color))
    if step.picture:
        scene.finely_stamped()
    windows = [("in", Fraction(0), up), ("out", length - down, down)]
    for kind, start, duration in windows:
        if not duration:
            continue
        if step.picture:
            scene.through(filter_("fade", type=kind, start_time=start, duration=duration, color=filled))
    if step.picture:
        scene.stamped()
    if step.sound:
        scene.heard_through(*fades(up, down, length))

"""The step `speed`, as filters."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.steps.speed import PlannedSpeed
from reelwright.media.ffmpeg.filtergraph import Filter, filter_, timestamps_from
from reelwright.media.ffmpeg.graph import time_base, timestamps_over, timestamps_times
from reelwright.media.recipes.audio_filters import lasting
from reelwright.media.recipes.scene import Scene, evenly

SLOWEST = Fraction(1, 2)
"""`atempo` takes no less at a time."""


def apply(scene: Scene, step: PlannedSpeed) -> None:
    factor, after = Fraction(step.factor), step.after(scene.state)
    slower, faster = factor.denominator, factor.numerator
    scene.through(
        # exact: whole ticks all the way, `settb` alone would round them
        filter_("setpts", expr=timestamps_times(slower)),
        filter_("settb", expr=time_base(scene.state.tick / factor)),
        filter_("setpts", expr=timestamps_over(faster)),
    )
    if step.rate is not None:
        count = after.video.frame_count or 1
        if scene.state.grid is None:  # times may have been rounded up to a tick: a frame is not late for that
            scene.through(filter_("setpts", expr=timestamps_from(1)))
        scene.through(*evenly(Fraction(step.rate), count))
    scene.heard_through(*_tempo(factor, stretching=scene.capabilities.rubberband), *lasting(after.length))


def _tempo(factor: Fraction, *, stretching: bool) -> list[Filter]:
    """The pitch stays. `atempo` loses up to 60 ms on the way (measured); where it can be, sound is stretched by
    rubberband, whose short window keeps beats in their places."""
    if stretching:
        return [filter_("rubberband", tempo=factor, window="short")]
    filters = []
    while factor < SLOWEST:
        filters.append(filter_("atempo", tempo=SLOWEST))
        factor /= SLOWEST
    return [*filters, filter_("atempo", tempo=factor)]

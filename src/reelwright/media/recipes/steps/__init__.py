"""Steps as filters: a module each, named as in `edits/steps`; and the fold of a plan's steps into one scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from reelwright.edits.facts import AnyFacts, Facts, ImageFacts, SubtitlesFacts
from reelwright.edits.plan import Plan
from reelwright.edits.steps.audio import PlannedAudio
from reelwright.edits.steps.concat import PlannedConcat
from reelwright.edits.steps.crop import PlannedCrop
from reelwright.edits.steps.fade import PlannedFade
from reelwright.edits.steps.fit_and_pad import PlannedFit
from reelwright.edits.steps.keep_and_cut import PlannedKeep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.overlay import PlannedOverlay
from reelwright.edits.steps.rotate_and_flip import PlannedFlip, PlannedRotate
from reelwright.edits.steps.speed import PlannedSpeed
from reelwright.edits.steps.subtitles import PlannedSubtitles
from reelwright.edits.steps.trim import PlannedTrim
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.filtergraph import filter_
from reelwright.media.recipes.audio_filters import without_holes
from reelwright.media.recipes.scene import Scene, opened
from reelwright.media.recipes.steps import (
    audio,
    concat,
    crop,
    fade,
    fit_and_pad,
    keep_and_cut,
    overlay,
    rotate_and_flip,
    speed,
    subtitles,
    trim,
)

APPLY: Mapping[type, Callable[[Scene, Any], None]] = {
    PlannedTrim: trim.apply,
    PlannedKeep: keep_and_cut.apply,
    PlannedCrop: crop.apply,
    PlannedFit: fit_and_pad.apply,
    PlannedRotate: rotate_and_flip.rotate,
    PlannedFlip: rotate_and_flip.flip,
    PlannedSpeed: speed.apply,
    PlannedOverlay: overlay.apply,
    PlannedSubtitles: subtitles.apply,
    PlannedFade: fade.apply,
    PlannedAudio: audio.apply,
    PlannedConcat: concat.apply,
}
"""How each planned step changes a scene. The state is taken on after it."""


def composed(
    plan: Plan, capabilities: Capabilities, since: Sequence[Fraction] = (), slots: Sequence[int] = ()
) -> Scene:
    """Return all steps of a plan as one scene. `since`: for each step, before which time of what it makes nobody looks;
    `slots`: as the scene has them.

    Raises JobFailed `unsupported_here`.
    """
    first, *steps = plan.steps
    assert isinstance(first, PlannedOpening)
    begin, *begins = since or [Fraction(0)] * len(plan.steps)
    kept = not any(_clock_jumps(source) for source in plan.sources)
    scene = opened(plan.inputs[0].media, first, capabilities, since=begin, keeps_clocks=kept)
    scene.slots = slots
    if begin:
        scene.heard_through(without_holes())  # what follows counts samples: from time zero on
    for step, begin in zip(steps, begins, strict=True):
        APPLY[type(step)](scene, step)
        scene.state = step.after(scene.state)
        if begin:
            scene.through(filter_("trim", start=begin))
    return scene


def _clock_jumps(source: Facts | AnyFacts) -> bool:
    """Whether a file's clock jumps in a way that ffmpeg closes where it is not told `-copyts`."""
    return not isinstance(source, ImageFacts | SubtitlesFacts) and source.media.clock_jumps

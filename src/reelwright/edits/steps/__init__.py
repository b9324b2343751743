"""Steps: each in a module of its own, which says what may be asked for, how it is planned, and what comes after it.

A new step: a module here, its two structs in the unions below, and a module of the same name in `media/recipes/steps`.
"""

from __future__ import annotations

from reelwright.edits.steps.audio import AudioStep, PlannedAudio
from reelwright.edits.steps.concat import ConcatStep, PlannedConcat
from reelwright.edits.steps.crop import CropStep, PlannedCrop
from reelwright.edits.steps.fade import FadeStep, PlannedFade
from reelwright.edits.steps.fit_and_pad import FitStep, PadStep, PlannedFit
from reelwright.edits.steps.keep_and_cut import CutStep, KeepStep, PlannedKeep
from reelwright.edits.steps.opening import PlannedOpening
from reelwright.edits.steps.overlay import OverlayStep, PlannedOverlay
from reelwright.edits.steps.rotate_and_flip import FlipStep, PlannedFlip, PlannedRotate, RotateStep
from reelwright.edits.steps.speed import PlannedSpeed, SpeedStep
from reelwright.edits.steps.subtitles import PlannedSubtitles, SubtitlesStep
from reelwright.edits.steps.trim import PlannedTrim, TrimStep

Step = (
    TrimStep
    | KeepStep
    | CutStep
    | CropStep
    | FitStep
    | PadStep
    | RotateStep
    | FlipStep
    | SpeedStep
    | OverlayStep
    | SubtitlesStep
    | FadeStep
    | AudioStep
    | ConcatStep
)
"""Every kind of step."""

PlannedStep = (
    PlannedTrim
    | PlannedKeep
    | PlannedCrop
    | PlannedFit
    | PlannedRotate
    | PlannedFlip
    | PlannedSpeed
    | PlannedOverlay
    | PlannedSubtitles
    | PlannedFade
    | PlannedAudio
    | PlannedConcat
    | PlannedOpening
)
"""Every kind of step, planned. `PlannedOpening` comes first in a plan of several steps, and only there."""

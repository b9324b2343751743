"""Plan: what will come out, resolved from an Edit against measured Facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from reelwright.edits import hdr
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.dolby_vision import undisplayable_colors
from reelwright.edits.edit import Edit
from reelwright.edits.facts import AnyFacts, Facts, ImageFacts, SoundFacts, VideoFacts
from reelwright.edits.held_frames import may_hold
from reelwright.edits.losses import losses
from reelwright.edits.plan.overlay_alone import resolve_overlay
from reelwright.edits.plan.several_steps import known_length, resolve_several_steps
from reelwright.edits.plan.steps_of_result import LineageBase
from reelwright.edits.plan.structs import (
    COMPOSED,
    SINGLE,
    SINGLE_SUBTITLED,
    SUBTITLED,
    VERSION,
    ExpectedOutput,
    ExpectedVideo,
    Plan,
)
from reelwright.edits.plan.transcode import resolve_transcode
from reelwright.edits.plan.trim_alone import resolve_trim
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import PlannedStep
from reelwright.edits.steps.overlay import OverlayStep, PlannedLayer, PlannedOverlay
from reelwright.edits.steps.trim import PlannedTrim, TrimStep
from reelwright.errors import FieldError, InvalidInput

__all__ = [
    "COMPOSED",
    "SINGLE",
    "SINGLE_SUBTITLED",
    "SUBTITLED",
    "VERSION",
    "AnyFacts",
    "ExpectedOutput",
    "ExpectedVideo",
    "Facts",
    "ImageFacts",
    "LineageBase",
    "Plan",
    "PlannedLayer",
    "PlannedOverlay",
    "PlannedStep",
    "PlannedTrim",
    "SoundFacts",
    "VideoFacts",
    "resolve",
]


def resolve(
    edit: Edit,
    facts: Facts,
    pointers: Sequence[Pointer] = (),
    base: LineageBase | None = None,
    texts: Sequence[SubtitleTrack] = (),
    *,
    source_pointer: str = "/source",
) -> Plan:
    """Return what the edit makes of the video. `pointers`: where the request names the trim, or each layer, or each
    sidecar; those of the edit itself ("/steps/0") when nobody says. `base`: the steps that made the video of another,
    whose `facts` are given: then all is made of that. `texts`: tracks of text that the video has of its own and that go
    along, none of which `facts` list. `source_pointer`: where the request names the video.

    Raises InvalidInput that names every wrong field.
    """
    length = Fraction(repr(facts.media.duration_s)) if facts.media.duration_s is not None else None
    if wrong := undisplayable_colors(facts.media.main_video):
        raise InvalidInput([FieldError(source_pointer, wrong)])
    warnings = losses(
        facts.media, edit.outputs, streamed=edit.streaming is not None, keeps_hdr=hdr.steps_keep(edit.steps)
    )
    if base is not None or edit.needs_scene:
        return resolve_several_steps(edit, facts, length, warnings, pointers, base, texts, source_pointer)
    if not edit.steps:
        return resolve_transcode(edit, facts, known_length(length, source_pointer), warnings, pointers, texts)
    if len(edit.steps) == len(edit.outputs) == 1 and not edit.sidecars and edit.streaming is None:
        step = edit.steps[0]
        even_hdr = facts.media.main_video.is_hdr and may_hold(facts.media) and hdr.stays(edit.steps, edit.outputs)
        if isinstance(step, OverlayStep) and not even_hdr:
            return resolve_overlay(edit, step, facts, known_length(length, source_pointer), warnings, pointers, texts)
        if isinstance(step, TrimStep):
            return resolve_trim(edit, step, facts, length, warnings, pointers, texts)
    return resolve_several_steps(edit, facts, length, warnings, pointers, None, texts, source_pointer)

"""By which steps a result was made of its original, for an edit that goes on from there, so that nothing is coded a
second time; or why such an edit would show something else than one of the result's own file. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec

from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.held_frames import may_hold
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan.structs import Plan
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps import PlannedStep
from reelwright.edits.steps.base import Planning
from reelwright.edits.steps.fit_and_pad import PlannedFit
from reelwright.edits.steps.opening import PlannedOpening, opening
from reelwright.edits.steps.overlay import PlannedOverlay
from reelwright.edits.steps.state import VideoState
from reelwright.edits.steps.trim import PlannedTrim

ROUNDED_S = Fraction(1, 20)
"""By how much a file may last longer or shorter than what it was made of: containers and sound round."""


@dataclass(frozen=True, slots=True)
class LineageBase:
    """Planned steps of an original, the opening first, and what they make; `subtitles`, chapters among them, are kept
    beside it."""

    steps: tuple[PlannedStep, ...]
    state: VideoState
    subtitles: tuple[SubtitleTrack, ...] = ()


def base_of(plan: Plan, number: int, made: MediaInfo) -> LineageBase | str:
    """Return what output `number` of a plan was made by, `made` being its file; or why an edit of the file would not
    show what an edit of the original would, as an end of a sentence."""
    source, output = plan.inputs[0].media, plan.outputs[number].output
    if output.audio.loudness_lufs is not None:
        return "its loudness was measured and set"
    if may_hold(source):
        return "the original's frames come at their own times"
    steps = _as_steps(plan)
    if isinstance(steps, str):
        return steps
    opening, *others = steps
    assert isinstance(opening, PlannedOpening)
    deep, hdr = (made.main_video.bit_depth or 8) > 8, made.main_video.is_hdr
    opening = msgspec.structs.replace(opening, deep=opening.deep and deep, hdr=opening.hdr and hdr)
    base = LineageBase((opening,), opening.of(source))
    for step in others:
        base = LineageBase((*base.steps, step), step.after(base.state))
    same = _same(base, made)
    return same if isinstance(same, str) else replace(same, subtitles=plan.texts)


def itself(media: MediaInfo, plan: Plan) -> LineageBase | None:
    """A result's own file as what an edit goes on from, where it has tracks of subtitles: files are read without
    theirs; or more chapters than are read of it, as those between which MP4 has nameless ones. None without any, and
    where nobody knows how long it is."""
    has_unread = bool(plan.chapters) and media.chapters > len(media.chapter_marks)
    if not (plan.tracks or has_unread) or media.duration_s is None:
        return None
    opened = opening(media, Fraction(repr(media.duration_s)), None, Planning(Pointer(), iter(())))
    return LineageBase((opened,), opened.of(media), plan.texts)


def _as_steps(plan: Plan) -> tuple[PlannedStep, ...] | str:
    """The plan's steps in the form that those of several have."""
    source = plan.inputs[0].media
    deep = (source.main_video.bit_depth or 8) > 8
    hdr = source.main_video.is_hdr
    match plan.steps:
        case (PlannedTrim() as trim,):
            if trim.look_back or trim.shown_from_s is not None:
                return "it begins within a picture that stands"
            return (PlannedOpening(start_s=trim.start_s, end_s=trim.end_s, deep=deep, hdr=hdr),)
        case () | (PlannedOverlay(),):
            if source.duration_s is None:
                return "how long the original is, is not known"
            whole = PlannedOpening(start_s="0", end_s=str(Fraction(repr(source.duration_s))), deep=deep, hdr=hdr)
            return (whole, *plan.steps)
        case (PlannedOpening() as opened, *others) if plan.is_spliced:  # its pictures are the source's own
            return (msgspec.structs.replace(opened, deep=deep, hdr=hdr), *others)
        case _:
            return plan.steps


def _same(base: LineageBase, made: MediaInfo) -> LineageBase | str:
    """The base, with its picture scaled as the file's is, where nothing else tells them apart."""
    state, video = base.state, made.main_video
    heard = [track.channels for track in made.decodable_audio]
    if heard != [track.channels for track in state.media.audio]:
        return "its sound has other tracks or channels"
    if made.duration_s is None or abs(Fraction(repr(made.duration_s)) - state.length) > ROUNDED_S:
        return "it does not last as long as what it was made of"
    if None not in (video.frame_count, state.video.frame_count) and video.frame_count != state.video.frame_count:
        return "it has not all frames of what it was made of"
    if video.is_hdr != state.video.is_hdr:
        return "its colours are others"
    if video.display_size == state.canvas:
        return base
    width, height = video.display_size
    if width % 2 or height % 2:
        return "its size is odd"
    scaled = PlannedFit(width=width, height=height, inner=(width, height), x=0, y=0)
    return LineageBase((*base.steps, scaled), scaled.after(state))


def on(earlier: LineageBase, later: LineageBase) -> LineageBase | str:
    """Return the steps that made a result of a result, behind those that made that of the original; or why not."""
    base = earlier
    opening, *others = later.steps
    assert isinstance(opening, PlannedOpening)
    if opening.rate is not None:
        return "its frames were made even"
    start, length = Fraction(opening.start_s), base.state.length
    end = min(Fraction(opening.end_s), length)  # a file may last longer than what it was made of
    if (start, end) != (Fraction(0), length):
        others = [PlannedTrim(start_s=str(start), end_s=str(end)), *others]
    for step in others:
        base = LineageBase((*base.steps, step), step.after(base.state))
    return replace(base, subtitles=later.subtitles)

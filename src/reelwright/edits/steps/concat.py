"""The step `concat`: other videos and pictures before and after, fitted to the canvas, joined to the frame. Pure."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from math import ceil
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reelwright.edits import held_frames, timecode
from reelwright.edits.audio_tracks import silent_track
from reelwright.edits.cadence import usual_rate
from reelwright.edits.cues.joined_tracks import Brought
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.cues.track import SubtitleTrack
from reelwright.edits.dolby_vision import undisplayable_colors
from reelwright.edits.facts import AnyFacts, ImageFacts, StepFacts, VideoFacts
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.geometry import Size, even
from reelwright.edits.layers import When
from reelwright.edits.materials import Material, Named, SourceName
from reelwright.edits.media_info import AudioStream
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.fit_and_pad import FillText, FitStep, PlannedFit
from reelwright.edits.steps.opening import PlannedOpening, opening
from reelwright.edits.steps.state import VideoState
from reelwright.edits.steps.trim import TrimStep
from reelwright.errors import FieldError, InvalidInput

MAX_CLIPS = 50
MAX_WEIGHT = 100 * 1920 * 1080
"""Pixels of all that is joined, a picture's counted as a quarter: each input holds some frames while it waits."""
MAX_SHOWN_S = 3600

TransitionName = Literal[
    "fade", "fadeblack", "fadewhite", "wipeleft", "wiperight", "wipeup", "wipedown", "slideleft", "slideright",
    "slideup", "slidedown", "smoothleft", "smoothright", "circleopen", "circleclose", "radial", "pixelize",
]  # fmt: skip


class Clip(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A video, of which start <= t < end is shown; or a picture, shown for `duration` seconds."""

    source: SourceName
    start: When = 0
    end: When | None = None
    duration: Annotated[float, Meta(gt=0, le=MAX_SHOWN_S)] | None = None


class CrossFade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one goes over into the next, in how many seconds, in which both are seen and heard."""

    type: TransitionName = "fade"
    duration: Annotated[float, Meta(gt=0, le=60)] = 1.0


Clips = Annotated[tuple[Clip, ...], Meta(max_length=MAX_CLIPS)]


class ConcatStep(BaseStep, frozen=True, kw_only=True, tag="concat"):
    """Join others to the video: those `before` it and those `after` it, each at the size and the frame rate that the
    video has. What of the canvas one leaves free is filled as `fit` does. Without a `transition` one follows the other
    at once; with one, both are seen and heard for its while. Chapters and tracks of text of each go along where it is
    seen."""

    before: Clips = ()
    after: Clips = ()
    fill: FillText = "black"
    transition: CrossFade | TransitionName | None = None

    @property
    def materials(self) -> tuple[Material, ...]:
        return tuple(
            Material(f"{place}/source", Named(name=clip.source, takes="picture")) for place, clip in self._clips
        )

    @property
    def _clips(self) -> list[tuple[str, Clip]]:
        before = [(f"before/{number}", clip) for number, clip in enumerate(self.before)]
        return before + [(f"after/{number}", clip) for number, clip in enumerate(self.after)]

    @property
    def keeps_hdr(self) -> bool:
        return False

    def planned(self, state: VideoState, planning: Planning) -> PlannedConcat:
        """Raises InvalidInput that names every wrong field."""
        if not self._clips:
            raise InvalidInput([FieldError(planning.pointer / "after", "is required, or a `before`")])
        grid = state.grid
        usable = grid is not None and not held_frames.is_held(grid.frame_s)
        rate = 1 / grid.frame_s if grid is not None and usable else usual_rate(Fraction(state.video.frame_rate or 0))
        clips: list[PlannedClip] = []
        texts: list[tuple[SubtitleTrack, ...]] = []
        errors: list[FieldError] = []
        for place, clip in self._clips:
            pointer = Pointer(planning.pointer / place)
            known = next(planning.materials)
            try:
                clips.append(self._planned(clip, known, rate, state, pointer, planning.warnings))
                texts.append(known.texts if isinstance(known, VideoFacts) else ())
            except InvalidInput as invalid:
                errors += invalid.errors
        if errors:
            raise InvalidInput(errors)
        _check_weight([clip.facts for clip in clips], planning)
        asked = CrossFade(type=self.transition) if isinstance(self.transition, str) else self.transition
        planned = PlannedConcat(
            rate=str(rate),
            clips=tuple(clips),
            place=len(self.before),
            frames=max(1, round(state.length * rate)),
            transition=None if asked is None else asked.type,
            overlap=0 if asked is None else max(1, round(Fraction(repr(asked.duration)) * rate)),
        )
        self._check_overlap(planned, planning)
        for (place, _), said, piece in zip(self._clips, texts, planned.pieces, strict=True):
            planning.brought.append((Pointer(planning.pointer / place), Brought(said, piece)))
        return planned

    def _planned(
        self,
        clip: Clip,
        facts: StepFacts,
        rate: Fraction,
        state: VideoState,
        pointer: Pointer,
        warnings: list[str],
    ) -> PlannedClip:
        assert isinstance(facts, ImageFacts | VideoFacts)
        planning = Planning(pointer, iter(()), warnings)
        width, height = state.canvas
        fit = FitStep(width=width, height=height, fill=self.fill)
        if isinstance(facts, ImageFacts):
            if clip.end is not None or clip.start != 0:
                field = "end" if clip.end is not None else "start"
                raise InvalidInput([FieldError(pointer / field, "is of a video; this is a picture, with a `duration`")])
            if clip.duration is None:
                raise InvalidInput([FieldError(pointer / "duration", "is required: how long the picture is shown")])
            frames = max(1, round(Fraction(repr(clip.duration)) * rate))
            size = _large_enough((facts.width, facts.height), state.canvas)
            return PlannedClip(facts=facts, frames=frames, size=size, fit=fit.planned(state.of_size(size), planning))
        media = facts.media
        if clip.duration is not None:
            raise InvalidInput([FieldError(pointer / "duration", "is a picture's; of a video, say `start` and `end`")])
        if media.clock_jumps:
            joined = "is several recordings whose clock jumps: transcode it first, then join the result"
            raise InvalidInput([FieldError(pointer / "source", joined)])
        if wrong := undisplayable_colors(media.main_video):
            raise InvalidInput([FieldError(pointer / "source", wrong)])
        for warning in facts.warnings:
            planning.warn(warning)
        length = None if media.duration_s is None else Fraction(repr(media.duration_s))
        opened = opening(media, length, TrimStep(start=clip.start, end=clip.end), planning)
        deep = (state.video.bit_depth or 8) > 8
        looks_back = opened.rate is not None or frame_grid(media) is None
        opened = msgspec.structs.replace(opened, rate=str(rate), deep=deep, hdr=False)
        shown = opened.of(media)
        return PlannedClip(
            facts=VideoFacts(sha256=facts.sha256, media=media.without_chapters()),
            opening=opened,
            looks_back=looks_back,
            frames=max(1, round(shown.length * rate)),
            fit=fit.planned(shown, planning),
        )

    def _check_overlap(self, planned: PlannedConcat, planning: Planning) -> None:
        """Each part has to be seen for as long as the transitions at its sides take."""
        parts = planned.parts
        for number, part in enumerate(parts):
            sides = (number > 0) + (number < len(parts) - 1)
            if (frames := part.frames if part is not None else planned.frames) < sides * planned.overlap:
                place = "the video" if part is None else self._clips[number - (number > planned.place)][0]
                short = timecode.show(Fraction(frames) / Fraction(planned.rate))
                long = f"{'are' if sides == 2 else 'is'} longer than {place} ({short})"
                what = "the transitions before and after it" if sides == 2 else "the transition"
                field = "transition" if isinstance(self.transition, str) else "transition/duration"
                raise InvalidInput([FieldError(planning.pointer / field, f"is too long: {what} {long}")])


class PlannedClip(msgspec.Struct, frozen=True, kw_only=True):
    """So many `frames` of a video that is opened at the rate of all (None: of a picture, scaled to a `size` first),
    brought to the canvas. `looks_back`: whether what is on display at its start may have begun long before."""

    facts: ImageFacts | VideoFacts
    frames: int
    fit: PlannedFit
    size: tuple[int, int] | None = None
    opening: PlannedOpening | None = None
    looks_back: bool = False

    @property
    def shown(self) -> tuple[Fraction, Fraction]:
        """From when to when it is opened; a picture has no time."""
        opened = self.opening
        return (Fraction(0), Fraction(0)) if opened is None else (Fraction(opened.start_s), Fraction(opened.end_s))


class PlannedConcat(BasePlannedStep, frozen=True, kw_only=True, tag="concat"):
    """Clips, so many of which come before the video as its `place` says; the video has `frames` at the `rate` of all.
    Each overlaps the next one by `overlap` frames."""

    rate: str
    clips: tuple[PlannedClip, ...]
    place: int
    frames: int
    transition: TransitionName | None = None
    overlap: int = 0

    @property
    def parts(self) -> tuple[PlannedClip | None, ...]:
        """All, in the order in which they are seen; None is the video."""
        return (*self.clips[: self.place], None, *self.clips[self.place :])

    @property
    def sources(self) -> tuple[AnyFacts, ...]:
        return tuple(clip.facts for clip in self.clips)

    @property
    def count(self) -> int:
        """Of all frames."""
        return self.frames + sum(clip.frames for clip in self.clips) - len(self.clips) * self.overlap

    @property
    def begins(self) -> tuple[Fraction, ...]:
        """When each part begins, seconds."""
        frames = [self.frames if part is None else part.frames for part in self.parts]
        return tuple(
            (before - number * self.overlap) / Fraction(self.rate)
            for number, before in enumerate(accumulate(frames[:-1], initial=0))
        )

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Of each clip, what is shown of its own time line, and where; of a picture, nothing is."""
        found = []
        for part, begins in zip(self.parts, self.begins, strict=True):
            if part is not None:
                start, end = part.shown
                found.append(Piece(start, min(end, start + part.frames / Fraction(self.rate)), begins))
        return tuple(found)

    def tracks_of(self, state: VideoState) -> list[AudioStream]:
        """The tracks of the whole: those of the video; one where it has none and a clip is heard."""
        heard = any(isinstance(facts, VideoFacts) and facts.media.decodable_audio for facts in self.sources)
        return state.media.audio or ([silent_track(state.length)] if heard else [])

    def after(self, state: VideoState) -> VideoState:
        rate = Fraction(self.rate)
        length = self.count / rate
        shown = min(state.length, self.frames / rate)
        return state.with_sound(self.tracks_of(state)).lasting(
            length,
            [Piece(Fraction(0), shown, self.begins[self.place])],
            time_base=str(1 / rate),
            start_s="0",
            duration_s=float(length),
            frame_rate=self.rate,
            variable_frame_rate=False,
            frame_count=self.count,
            longest_frame_s=float(1 / rate),
        )


def _large_enough(picture: Size, canvas: Size) -> Size:
    """As large as covers the canvas, and not larger than it is: a photo costs memory at every filter."""
    scale = min(Fraction(1), max(Fraction(canvas[0], picture[0]), Fraction(canvas[1], picture[1])))
    return even((ceil(picture[0] * scale), ceil(picture[1] * scale)))


def _check_weight(facts: list[ImageFacts | VideoFacts], planning: Planning) -> None:
    weight = 0
    for one in facts:
        if isinstance(one, ImageFacts):
            weight += one.width * one.height // 4
        else:
            weight += one.media.main_video.width * one.media.main_video.height
    if weight > MAX_WEIGHT:
        many = f"join {weight // 10**6} million pixels, {MAX_WEIGHT // 10**6} are taken: make some smaller first"
        raise InvalidInput([FieldError(planning.pointer.path, many)])

"""The steps `keep` and `cut`: several intervals, kept or left out, and what is left joined. Pure."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from math import ceil
from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.edits import held_frames, timecode
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.frame_grid import FrameGrid
from reelwright.edits.layers import When
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.errors import FieldError, InvalidInput

MAX_INTERVALS = 500

Span = tuple[Fraction, Fraction]


class Interval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """start <= t < end; without an end, all from start on."""

    start: When = 0
    end: When | None = None


Intervals = Annotated[tuple[Interval, ...], Meta(min_length=1, max_length=MAX_INTERVALS)]


class KeepStep(BaseStep, frozen=True, kw_only=True, tag="keep"):
    """Keep these intervals, in the order of time, joined without a gap; the sound is joined without a click."""

    intervals: Intervals

    def planned(self, state: VideoState, planning: Planning) -> PlannedKeep:
        """Raises InvalidInput that names every wrong field."""
        return _planned(_spans(self.intervals, state, planning), state, planning)


class CutStep(BaseStep, frozen=True, kw_only=True, tag="cut"):
    """Leave these intervals out and join what is left; the sound is joined without a click."""

    intervals: Intervals

    def planned(self, state: VideoState, planning: Planning) -> PlannedKeep:
        """Raises InvalidInput that names every wrong field."""
        left: list[Span] = []
        at = Fraction(0)
        for start, end in _spans(self.intervals, state, planning):
            left += [(at, start)] if start > at else []
            at = end
        left += [(at, state.length)] if at < state.length else []
        return _planned(left, state, planning)


class PlannedKeep(BasePlannedStep, frozen=True, kw_only=True, tag="keep"):
    """Intervals that rise and do not touch. Where every frame's time is known, they begin and end where frames do."""

    intervals: tuple[tuple[str, str], ...]

    @property
    def spans(self) -> list[Span]:
        return [(Fraction(start), Fraction(end)) for start, end in self.intervals]

    def within(self, start: Fraction) -> PlannedKeep:
        """The same of a video that begins at a time of this one."""
        return PlannedKeep(intervals=tuple((str(first - start), str(end - start)) for first, end in self.spans))

    def time_before(self, time: Fraction, state: VideoState) -> Fraction:
        for start, end in self.spans:
            if time < end - start:
                return start + time
            time -= end - start
        return self.spans[-1][1]

    def after(self, state: VideoState) -> VideoState:
        """What is kept, as one video."""
        media = state.media
        length = sum((end - start for start, end in self.spans), Fraction(0))
        first, last = held_frames.video_begin(media), held_frames.video_end(media)
        seen = [(max(start, first), min(end, last)) for start, end in self.spans]
        shown = [(start, end) for start, end in seen if start < end]
        late = max(Fraction(0), first - self.spans[0][0]) if shown else Fraction(0)
        count = None
        if (grid := state.grid) is not None:
            count = sum(len(grid.within(start, end)) for start, end in self.spans)
        begins = accumulate((end - start for start, end in self.spans), initial=Fraction(0))
        return state.lasting(
            length,
            [Piece(start, end, begin) for (start, end), begin in zip(self.spans, begins, strict=False)],
            start_s=str(late),
            duration_s=float(sum((end - start for start, end in shown), Fraction(0))),
            frame_count=count,
        )


def _spans(intervals: tuple[Interval, ...], state: VideoState, planning: Planning) -> list[Span]:
    """Rising and apart. Raises InvalidInput."""
    errors: list[FieldError] = []
    spans: list[Span] = []
    for number, interval in enumerate(intervals):
        pointer = Pointer(planning.pointer / f"intervals/{number}")
        start = timecode.parse(interval.start)
        end = state.length if interval.end is None else timecode.parse(interval.end)
        if start >= state.length:
            late = f"is not before the end of the video ({timecode.show(state.length)})"
            errors.append(FieldError(pointer / "start", late))
        elif end <= start:
            errors.append(FieldError(pointer / "end", "is not after start"))
        else:
            if end > state.length:
                planning.warnings.append(
                    f"{pointer.path}: end {timecode.show(end)} is beyond the end of the video and became"
                    f" {timecode.show(state.length)}"
                )
            spans.append((start, min(end, state.length)))
    if errors:
        raise InvalidInput(errors)
    return _merged(spans)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _planned(spans: list[Span], state: VideoState, planning: Planning) -> PlannedKeep:
    if (grid := state.grid) is not None:
        spans = [(_snapped(start, grid), _snapped(end, grid)) for start, end in spans]
        spans = _merged([(start, end) for start, end in spans if start < end])
    begins, ends = held_frames.video_begin(state.media), held_frames.video_end(state.media)
    if not any(min(end, ends) > max(start, begins) for start, end in spans):
        raise InvalidInput([FieldError(planning.pointer / "intervals", "leave no frame of the video")])
    return PlannedKeep(intervals=tuple((str(start), str(end)) for start, end in spans))


def _snapped(time: Fraction, grid: FrameGrid) -> Fraction:
    """When the first frame from a time on begins; the time itself where there is none."""
    number = ceil((time - grid.first_s) / grid.frame_s)
    return grid.first_s + number * grid.frame_s if 0 <= number <= grid.count else time

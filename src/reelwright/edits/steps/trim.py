"""The step `trim`: an interval of time -> the frames that lie in it. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from reelwright.edits import held_frames, timecode
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.frame_grid import FrameGrid, frame_grid
from reelwright.edits.layers import When
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.pointers import Pointer
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.errors import FieldError, InvalidInput

REPORTED = Fraction(1, 1000)
"""How finely clients are told how long a video is, seconds: a time from there is off by less."""


class TrimStep(BaseStep, frozen=True, kw_only=True, tag="trim"):
    """Keep the frames with start <= t < end; without an end, all from start on."""

    start: When
    end: When | None = None

    def planned(self, state: VideoState, planning: Planning) -> PlannedTrim:
        """Raises InvalidInput that names every wrong field."""
        return kept(self, state.media, state.length, planning.warnings, pointer=planning.pointer)[0]


class PlannedTrim(BasePlannedStep, frozen=True, kw_only=True, tag="trim"):
    """`start_s` <= t < `end_s` on the input's time line. Where every frame's time is known, a bound that falls into a
    short frame is moved to the next one's start, so that picture and sound begin and end together."""

    start_s: str
    end_s: str
    shown_from_s: str | None = None
    """When the picture that is on display at `start_s` begins, where it is shown from there on."""
    look_back: bool = False
    """Whether that is found out when the video is read."""

    def after(self, state: VideoState) -> VideoState:
        """The interval as a video of its own."""
        return state_within(state, Fraction(self.start_s), Fraction(self.end_s))

    def time_before(self, time: Fraction, state: VideoState) -> Fraction:
        return time + Fraction(self.start_s)


def state_within(state: VideoState, start: Fraction, end: Fraction) -> VideoState:
    """The frames that are stamped with start <= t < end, and all sound of that time."""
    media, video = state.media, state.video
    begins, ends = held_frames.video_begin(media), held_frames.video_end(media)
    first, last = max(begins, start), min(ends, end)
    count = None
    if (grid := state.grid) is not None:
        numbers = grid.within(start, end)
        count, first = len(numbers), grid.begin_of(numbers.start)
    return state.lasting(
        end - start,
        [Piece(start, end, Fraction(0))],
        start_s=str(first - start),
        duration_s=None if video.duration_s is None else float(max(last - first, Fraction(0))),
        frame_count=count,
    )


def kept(
    step: TrimStep, media: MediaInfo, length: Fraction | None, warnings: list[str], *, pointer: Pointer
) -> tuple[PlannedTrim, int | None]:
    """The interval that a trim of a video keeps, and how many frames lie in it, where that is known.

    Raises InvalidInput that names every wrong field.
    """
    errors: list[FieldError] = []

    def time(field: str, value: timecode.Time) -> Fraction:
        try:
            return timecode.parse(value)
        except ValueError as error:
            errors.append(FieldError(pointer / field, str(error)))
            return Fraction(0)

    start = time("start", step.start)
    if step.end is None and length is None:
        errors.append(FieldError(pointer / "end", "is required: how long the video is, is not known"))
    end = time("end", step.end) if step.end is not None else length or Fraction(0)
    if not errors and end <= start and step.end is not None:
        errors.append(FieldError(pointer / "end", "is not after start"))
    if not errors and length is not None and start >= length:
        errors.append(FieldError(pointer / "start", f"is not before the end of the video ({timecode.show(length)})"))
    if errors:
        raise InvalidInput(errors)
    if length is not None and end > length:
        if end - length >= REPORTED:
            shown = timecode.show(end), timecode.show(length)
            warnings.append(f"end {shown[0]} is beyond the end of the video and became {shown[1]}")
        end = length
    begins, ends = held_frames.video_begin(media), held_frames.video_end(media)
    if end <= begins:
        late = f"is not after the picture begins ({timecode.show(begins)})"
        raise InvalidInput([FieldError(pointer / "end", late)])
    if (grid := frame_grid(media)) is None:
        if start >= ends > 0:
            raise InvalidInput([FieldError(pointer / "start", _behind(ends))])
        look_back = held_frames.may_begin_within(media, start, end)
        return PlannedTrim(start_s=str(start), end_s=str(end), look_back=look_back), None
    origin, duration, count = grid.first_s, grid.frame_s, grid.count
    if held_frames.is_held(duration):
        return _of_standing_pictures(start, end, grid, pointer)
    first, behind = (ceil((time - origin) / duration) for time in (start, end))
    kept = min(behind, count) - max(first, 0)
    if kept <= 0:
        raise InvalidInput([FieldError(pointer / "end", "no frame of the video lies between start and end")])
    if first >= 0:
        start = origin + first * duration
    if behind <= count:
        end = origin + behind * duration
    return PlannedTrim(start_s=str(start), end_s=str(end)), kept


def _of_standing_pictures(start: Fraction, end: Fraction, grid: FrameGrid, pointer: Pointer) -> tuple[PlannedTrim, int]:
    """Slides, evenly spaced: from the one that is on display on."""
    origin, duration, count = grid.first_s, grid.frame_s, grid.count
    first, behind = floor((start - origin) / duration), ceil((end - origin) / duration)
    if first >= count:
        raise InvalidInput([FieldError(pointer / "start", _behind(origin + count * duration))])
    shown = origin + first * duration
    from_s = str(shown) if first >= 0 and shown < start else None
    return PlannedTrim(start_s=str(start), end_s=str(end), shown_from_s=from_s), min(behind, count) - max(first, 0)


def _behind(end: Fraction) -> str:
    return f"is not before the end of the picture ({timecode.show(end)})"

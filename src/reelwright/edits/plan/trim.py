"""A trim resolved: an interval of time -> the frames of the source that lie in it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

from reelwright.edits import held_frames, ladder, timecode
from reelwright.edits.edit import Edit, TrimStep
from reelwright.edits.enums import Quality
from reelwright.edits.frame_grid import FrameGrid, frame_grid
from reelwright.edits.geometry import even
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan.expect import counted, expect, heard
from reelwright.edits.plan.structs import Facts, Plan, PlannedTrim
from reelwright.edits.pointers import Pointer, pointer_to
from reelwright.errors import FieldError, InvalidInput

REPORTED = Fraction(1, 1000)
"""How finely clients are told how long a video is, seconds: a time from there is off by less."""


def resolve_trim(
    edit: Edit, step: TrimStep, facts: Facts, length: Fraction | None, warnings: list[str], pointers: Sequence[Pointer]
) -> Plan:
    """Raises InvalidInput that names every wrong field."""
    planned, frames = _trim(step, facts.media, length, warnings, pointer=pointer_to(pointers, 0, "/steps"))
    interval = Fraction(planned.start_s), Fraction(planned.end_s)
    own, shown = even(facts.media.main_video.upright_size), facts.media.main_video.display_size
    outputs = tuple(
        expect(
            output,
            facts.media,
            own if output.quality is Quality.SOURCE else ladder.fitted(shown, output.quality),
            interval,
            counted(frames, output),
            heard(output, facts.media),
        )
        for output in edit.outputs
    )
    return Plan(inputs=(facts,), steps=(planned,), outputs=outputs, warnings=tuple(warnings))


def _trim(
    step: TrimStep, media: MediaInfo, length: Fraction | None, warnings: list[str], *, pointer: Pointer
) -> tuple[PlannedTrim, int | None]:
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

"""The opening: what comes before all steps, a source of any kind as a video of the kind that steps take. Pure.

A first trim is part of it, and what steps keep before they do anything else at some time or another: nothing is decoded
of what is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Any, TypeVar

import msgspec

from reelwright.edits import color_standard, held_frames
from reelwright.edits.audio_tracks import working_track
from reelwright.edits.cadence import even_rate
from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.geometry import even
from reelwright.edits.media_info import MediaInfo, VideoStream
from reelwright.edits.steps.base import BasePlannedStep, Planning
from reelwright.edits.steps.crop import PlannedCrop
from reelwright.edits.steps.fit_and_pad import PlannedFit
from reelwright.edits.steps.keep_and_cut import PlannedKeep
from reelwright.edits.steps.rotate_and_flip import PlannedFlip, PlannedRotate
from reelwright.edits.steps.state import VideoState
from reelwright.edits.steps.trim import PlannedTrim, TrimStep, kept

Other = TypeVar("Other", bound=BasePlannedStep)


class PlannedOpening(BasePlannedStep, frozen=True, kw_only=True, tag="open"):
    """`start_s` <= t < `end_s` of the source, upright, progressive, in square pixels."""

    start_s: str
    end_s: str
    rate: str | None = None
    """Frames a second, evenly, each what is on display then; None: the source's own frames at their times."""
    hdr: bool = False
    """Whether HDR stays so."""
    deep: bool = False
    """Whether more than eight bits a sample become ten; else eight."""

    def of(self, media: MediaInfo) -> VideoState:
        """What is opened of a source."""
        start, end = Fraction(self.start_s), Fraction(self.end_s)
        video = media.main_video
        width, height = even(video.display_size)
        opened = VideoStream(
            index=0,
            codec="rawvideo",
            width=width,
            height=height,
            display_width=width,
            display_height=height,
            pixel_format="yuv420p10le" if self.deep else "yuv420p",
            bit_depth=10 if self.deep else 8,
            color_range="tv" if self.rate is None and (video.is_hdr and not self.hdr) else video.color_range,
            **color_standard.conformed(video, hdr=self.hdr),
            **self._times(media, start, end),
        )
        heard = enumerate(media.decodable_audio, start=1)
        tracks = [working_track(number, track, end - start) for number, track in heard]
        whole = MediaInfo(container="edit", size_bytes=0, duration_s=float(end - start), video=[opened], audio=tracks)
        return VideoState(whole, end - start)

    def _times(self, media: MediaInfo, start: Fraction, end: Fraction) -> dict[str, Any]:
        video = media.main_video
        begins, ends = held_frames.video_begin(media), held_frames.video_end(media)
        if self.rate is not None:
            rate = Fraction(self.rate)
            count = max(1, ceil((min(ends, end) - start) * rate))
            return {
                "time_base": str(1 / rate),
                "start_s": "0",
                "duration_s": float(count / rate),
                "frame_rate": self.rate,
                "variable_frame_rate": False,
                "frame_count": count,
                "longest_frame_s": float(1 / rate),
            }
        grid = frame_grid(media)
        first, last, count_, tick = max(begins, start), min(ends, end), None, video.time_base
        if grid is not None:
            numbers = grid.within(start, end)
            count_, first = len(numbers), grid.begin_of(numbers.start)
            if ((first - start) / grid.frame_s).denominator == 1:
                tick = str(grid.frame_s)
        return {
            "time_base": tick,
            "start_s": str(first - start),
            "duration_s": float(max(last - first, Fraction(0))),
            "frame_rate": video.frame_rate,
            "variable_frame_rate": video.variable_frame_rate,
            "frame_count": count_,
            "longest_frame_s": video.longest_frame_s,
        }


def opening(media: MediaInfo, length: Fraction | None, first: TrimStep | None, planning: Planning) -> PlannedOpening:
    """What is read of a source: all of it, or what a first trim keeps; with as many bits and HDR as it has.

    Raises InvalidInput.
    """
    step = first if first is not None else TrimStep(start=0)
    if rate := even_rate(media):
        # each frame is what is on display then: nothing has to be moved to where a frame begins
        planned, _ = kept(step, without_times(media), length, planning.warnings, pointer=planning.pointer)
    else:
        planned, _ = kept(step, media, length, planning.warnings, pointer=planning.pointer)
    return PlannedOpening(
        start_s=planned.start_s,
        end_s=planned.end_s,
        rate=None if rate is None else str(rate),
        hdr=media.main_video.is_hdr,
        deep=(media.main_video.bit_depth or 8) > 8,
    )


def without_times(media: MediaInfo) -> MediaInfo:
    """The same, of whose frames' times nothing is known."""
    video = msgspec.structs.replace(media.main_video, frame_count=None)
    return msgspec.structs.replace(media, video=[video])


TIMELESS = (PlannedCrop, PlannedFit, PlannedRotate, PlannedFlip)
"""Steps that do the same to every frame: what is kept of the time may be cut before or behind them."""


def narrowed(opened: PlannedOpening, steps: Sequence[Other]) -> list[Other | PlannedOpening | PlannedKeep]:
    """Return steps that make the same, the opening narrowed to what is kept of it by the first that keeps something."""
    place = next((number for number, step in enumerate(steps) if not isinstance(step, TIMELESS)), len(steps))
    first = steps[place] if place < len(steps) else None
    if isinstance(first, PlannedTrim):
        spans = [(Fraction(first.start_s), Fraction(first.end_s))]
    elif isinstance(first, PlannedKeep):
        spans = first.spans
    else:
        return [opened, *steps]
    (begin, _), (_, end), origin = spans[0], spans[-1], Fraction(opened.start_s)
    narrow = msgspec.structs.replace(opened, start_s=str(origin + begin), end_s=str(origin + end))
    if isinstance(first, PlannedKeep) and len(spans) > 1:
        return [narrow, first.within(begin), *steps[:place], *steps[place + 1 :]]
    return narrowed(narrow, [*steps[:place], *steps[place + 1 :]])

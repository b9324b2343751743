"""Videos whose every frame is known to lie exactly on a grid of even steps: what can be counted beforehand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from reelwright.edits.media_info import MediaInfo


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Frame number n is shown from `first_s + n * frame_s` on, on the clients' time line; there are `count`."""

    first_s: Fraction
    frame_s: Fraction
    count: int

    def within(self, start: Fraction, end: Fraction) -> range:
        """Return the numbers of the frames that begin with start <= t < end."""
        first, behind = (ceil((time - self.first_s) / self.frame_s) for time in (start, end))
        return range(max(first, 0), min(behind, self.count))

    def begin_of(self, number: int) -> Fraction:
        """Return when a frame begins."""
        return self.first_s + number * self.frame_s


def frame_grid(media: MediaInfo) -> FrameGrid | None:
    """The grid of a video; None where frames are not known to lie on one."""
    picture = media.main_video
    if picture.variable_frame_rate is not False or picture.frame_count is None or not picture.frame_rate:
        return None
    duration = 1 / Fraction(picture.frame_rate)
    first = Fraction(picture.start_s)
    tick = Fraction(picture.time_base)
    if (duration / tick).denominator != 1 or (first / tick).denominator != 1:
        return None  # rounded to the container's ticks: frames lie near the grid, not on it
    return FrameGrid(first - media.start, duration, picture.frame_count)

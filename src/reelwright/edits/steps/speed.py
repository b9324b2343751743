"""The step `speed`: faster or slower, the pitch of the sound kept. Pure."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Annotated

from msgspec import Meta

from reelwright.edits.cadence import usual_rate
from reelwright.edits.cues.time_line import Piece
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState

MIN_SPEED, MAX_SPEED = 0.25, 4
DIGITS = 1000
"""A speed is a whole number of thousandths, so that times stay exact."""


class SpeedStep(BaseStep, frozen=True, kw_only=True, tag="speed"):
    """Play it so many times as fast. Faster, the frame rate stays and frames are left out; slower, each is shown for
    longer. The pitch of the sound stays."""

    factor: Annotated[float, Meta(ge=MIN_SPEED, le=MAX_SPEED)]

    def planned(self, state: VideoState, planning: Planning) -> PlannedSpeed:
        factor = Fraction(round(Fraction(repr(self.factor)) * DIGITS), DIGITS)
        rate = state.video.frame_rate
        if factor > 1 and state.grid is None:
            return PlannedSpeed(factor=str(factor), rate=str(usual_rate(Fraction(rate or 0))))
        return PlannedSpeed(factor=str(factor), rate=rate if factor > 1 else None)


class PlannedSpeed(BasePlannedStep, frozen=True, kw_only=True, tag="speed"):
    factor: str
    rate: str | None = None
    """Frames a second, each what is on display then; None: all frames, at their new times."""

    def time_before(self, time: Fraction, state: VideoState) -> Fraction:
        return time * Fraction(self.factor)

    def after(self, state: VideoState) -> VideoState:
        factor, video = Fraction(self.factor), state.video
        length, start = state.length / factor, Fraction(video.start_s) / factor
        duration = None if video.duration_s is None else Fraction(repr(video.duration_s)) / factor
        pieces = [Piece(Fraction(0), state.length, Fraction(0), factor)]
        if self.rate is not None:
            rate, grid = Fraction(self.rate), state.grid
            seen = grid.count * grid.frame_s / factor if grid is not None else duration or length
            count = max(1, ceil((start + seen) * rate))
            return state.lasting(
                length,
                pieces,
                time_base=str(1 / rate),
                start_s="0",
                duration_s=float(count / rate),
                frame_rate=self.rate,
                variable_frame_rate=False,
                frame_count=count,
                longest_frame_s=float(1 / rate),
            )
        longest = video.longest_frame_s
        return state.lasting(
            length,
            pieces,
            time_base=str(state.tick / factor),
            start_s=str(start),
            duration_s=None if duration is None else float(duration),
            frame_rate=None if video.frame_rate is None else str(Fraction(video.frame_rate) * factor),
            longest_frame_s=None if longest is None else float(Fraction(repr(longest)) / factor),
        )

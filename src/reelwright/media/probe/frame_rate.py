"""A video's frame rate, constant or variable: how its frames are spaced in time, out of their timestamps. Pure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

JITTER_S = Fraction(1, 1000)
"""Timestamps that were once rounded to milliseconds (Matroska, FLV, ASF) are not a variable frame rate."""


@dataclass(frozen=True, slots=True)
class Spacing:
    """The spacing of some frames. Times in seconds, rates in frames a second."""

    variable: bool
    rate: Fraction | None
    """Mean rate over these frames; None for fewer than two, or when they take no time."""
    longest_s: Fraction
    span_s: Fraction
    """From the first to the last timestamp."""
    lone: bool = False
    """Whether there is one timestamp only."""


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """What is known of all frames of a video; None: not without reading the whole file."""

    sample: Spacing | None
    """Of the frames that were looked at."""
    all_seen: bool = False
    """Whether those are all."""
    count: int | None = None
    longest_s: Fraction | None = None
    """No gap between frames is longer."""
    variable: bool | None = None

    @property
    def alone(self) -> bool:
        """Whether there is one frame only."""
        return self.all_seen and self.sample is not None and self.sample.lone


def spacing(timestamps: Sequence[int], time_base: Fraction) -> Spacing:
    """The spacing of frames with these timestamps, in ticks of `time_base`, in any order; at least one.

    The rate is constant when every frame lies on an even grid, but for the rounding to a tick or a millisecond.
    """
    ticks = array("q", sorted(timestamps))  # a fifth of a list's memory
    span, steps = ticks[-1] - ticks[0], len(ticks) - 1
    rounding = min(Fraction(1), Fraction(span, 4 * steps)) if steps else Fraction(1)  # a tick may be a whole frame
    tolerance = max(rounding, JITTER_S / time_base)
    # Compared without fractions: frame i is on the grid when |(tick - first) * steps - i * span| <= limit.
    limit = math.floor(tolerance * steps)
    first = ticks[0]
    variable = any(abs((tick - first) * steps - i * span) > limit for i, tick in enumerate(ticks))
    longest = max((after - before for before, after in pairwise(ticks)), default=0)
    return Spacing(
        variable=variable,
        rate=Fraction(steps) / (span * time_base) if span > 0 else None,
        longest_s=longest * time_base,
        span_s=span * time_base,
        lone=not steps,
    )


def believable_rate(candidates: Sequence[Fraction | None], measured: Fraction | None) -> Fraction | None:
    """The first of a file's own statements that is within 2 % of what was measured; else the measurement.

    A measurement over rounded timestamps is near, a statement is exact, but it may be a lie.
    """
    stated = [rate for rate in candidates if rate is not None and 0 < rate <= 1000]
    if measured is None:
        return stated[0] if stated else None
    for rate in stated:
        if abs(rate - measured) <= measured / 50:
            return rate
    return measured.limit_denominator(1001)

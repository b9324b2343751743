"""The seconds until a job has ended, as an interval."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Annotated

import msgspec
from msgspec import Meta

DIGITS = 2
SHARES = (0.1, 0.5, 0.9)
"""What part of all ends before `low_s`, `likely_s`, `high_s`."""
LEAST_S, LEAST_SPREAD = 0.01, 0.01
"""Less is as if it were so much: a logarithm has to be had of it, a width be divided by."""
FURTHEST = 5.0
"""Spreads: what is overdue by more is as if it were by so many."""
_NORMAL = NormalDist()

Seconds = Annotated[float, Meta(ge=0)]


class SecondsLeft(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds until the job has ended, with all that it still waits for: `low_s` to `high_s` should hold four times in
    five, `likely_s` is the middle of it."""

    low_s: Seconds
    likely_s: Seconds
    high_s: Seconds

    def after(self, passed_s: float) -> SecondsLeft:
        """What is left so many seconds later of what has not ended until then. What is overdue is not about to end for
        that: those that take longest are what is left of all. Logarithms of seconds are held to be normal, as wide on
        either side of the likely one as the interval is there."""
        told = (self.low_s, self.likely_s, self.high_s)
        if passed_s > 0 and self.likely_s > 0:
            told = self._of_those_that_last(passed_s)
        low_s, likely_s, high_s = (round(max(seconds, 0.0), DIGITS) for seconds in told)
        return SecondsLeft(low_s=low_s, likely_s=likely_s, high_s=high_s)

    def _of_those_that_last(self, passed_s: float) -> tuple[float, float, float]:
        likely_s = max(self.likely_s, LEAST_S)
        unit = _NORMAL.inv_cdf(SHARES[-1])
        below = max(math.log(likely_s / max(self.low_s, LEAST_S)) / unit, LEAST_SPREAD)
        above = max(math.log(max(self.high_s, LEAST_S) / likely_s) / unit, LEAST_SPREAD)
        late = math.log(passed_s / likely_s)
        reached = min(late / (below if late < 0 else above), FURTHEST)
        last = 1 - _NORMAL.cdf(reached)
        low_s, middle_s, high_s = (
            passed_s * math.exp(above * (place - reached))
            if late > 0
            else likely_s * math.exp(place * (below if place < 0 else above))
            for place in (-_NORMAL.inv_cdf((1 - share) * last) for share in SHARES)
        )
        return low_s - passed_s, middle_s - passed_s, high_s - passed_s


Eta = Annotated[
    SecondsLeft | None,
    Meta(
        description="Until it has ended. Null: it has, or nothing is known: no earlier job was of its kind, or nobody"
        " can say when what it waits for comes (`waiting_for`)."
    ),
]
"""As it is told."""

"""What is left of a job as time goes by: what is overdue is not about to end for that. Pure."""

from __future__ import annotations

import math
from statistics import NormalDist

from reelwright.edits.seconds_left import SecondsLeft

DIGITS = 2
SHARES = (0.1, 0.5, 0.9)
"""What part of all ends before `low_s`, `likely_s`, `high_s`."""
LEAST_S, LEAST_SPREAD = 0.01, 0.01
"""Less is as if it were so much: a logarithm has to be had of it, a width be divided by."""
FURTHEST = 5.0
"""Spreads: what is overdue by more is as if it were by so many."""
_NORMAL = NormalDist()


def left_after(left: SecondsLeft, passed_s: float) -> SecondsLeft:
    """What is left so many seconds later of what has not ended until then: those that take longest are what is left of
    all. Logarithms of seconds are held to be normal, as wide on either side of the likely one as the interval is
    there."""
    told = (left.low_s, left.likely_s, left.high_s)
    if passed_s > 0 and left.likely_s > 0:
        told = _of_those_that_last(left, passed_s)
    low_s, likely_s, high_s = (round(max(seconds, 0.0), DIGITS) for seconds in told)
    return SecondsLeft(low_s=low_s, likely_s=likely_s, high_s=high_s)


def _of_those_that_last(left: SecondsLeft, passed_s: float) -> tuple[float, float, float]:
    likely_s = max(left.likely_s, LEAST_S)
    unit = _NORMAL.inv_cdf(SHARES[-1])
    below = max(math.log(likely_s / max(left.low_s, LEAST_S)) / unit, LEAST_SPREAD)
    above = max(math.log(max(left.high_s, LEAST_S) / likely_s) / unit, LEAST_SPREAD)
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

"""How much later sound is heard in one recording than in another, by how its loudness changes. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from operator import mul

STEP_S = 0.01
"""Of an envelope: the mean loudness of so short pieces."""
MAX_SHIFT_S = 0.4
QUIET = 0.001
"""Loudness that spreads less is silence, or noise."""
SURE, CLEARLY = 0.8, 0.3
"""How well the best fit must fit, and how much worse no shift at all."""
UNEVEN = 0.2
"""How far loudness spreads about its mean, as a part of that, at least: an even tone is the same at any time."""
ALONE_S, ALONE = 0.1, 0.1
"""Further from the best fit than that, any other fits so much worse: what comes again and again fits at many times."""
EQUAL_S = 0.03
"""What is no shift: less is not heard, and codecs differ by as much in what they say of their delay."""


def shift(heard: Sequence[float], source: Sequence[float]) -> float | None:
    """Return by how much `heard` comes later than in `source`, whose envelope begins MAX_SHIFT_S earlier and ends so
    much later; 0 where no shift fits well; None where nothing can be said: silence, an even tone, other sound."""
    steps, count = round(MAX_SHIFT_S / STEP_S), len(heard)
    if count < 4 * steps or len(source) < count + 2 * steps:
        return None
    fits = _fits(heard, source[: count + 2 * steps])
    if fits is None:
        return None
    best = max(range(len(fits)), key=fits.__getitem__)
    near = round(EQUAL_S / STEP_S)
    unshifted = max(fits[steps - near : steps + near + 1])
    if unshifted >= SURE:
        return 0.0
    around = round(ALONE_S / STEP_S)
    others = [*fits[: max(0, best - around)], *fits[best + around + 1 :]]
    is_peak = 0 < best < len(fits) - 1 and max(others, default=0.0) < fits[best] - ALONE
    if is_peak and fits[best] >= SURE and unshifted < fits[best] - CLEARLY:
        return (steps - best) * STEP_S
    return None


def _fits(heard: Sequence[float], source: Sequence[float]) -> list[float] | None:
    """Pearson's correlation of `heard` with each part of `source` of its length."""
    count = len(heard)
    mean = sum(heard) / count
    centred = [value - mean for value in heard]
    spread = math.sqrt(sum(map(mul, centred, centred)))
    sums = [0.0, *accumulate(source)]
    squares = [0.0, *accumulate(map(mul, source, source))]
    if spread < max(QUIET, UNEVEN * mean) * math.sqrt(count):
        return None
    fits = []
    for start in range(len(source) - count + 1):
        total = sums[start + count] - sums[start]
        variance = squares[start + count] - squares[start] - total * total / count
        product = sum(map(mul, centred, source[start : start + count]))
        fits.append(product / (spread * math.sqrt(variance)) if variance > 1e-6 * count else 0.0)
    return fits

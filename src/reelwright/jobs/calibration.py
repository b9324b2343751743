"""What is foretold, held against what came: intervals as wide as earlier ones had to be. Pure.

This is conformal prediction: whatever the model is worth, an interval between two quantiles of what its errors were
holds as often as these say, as long as errors go on as they were (Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World, 2005). Errors count less the longer ago they are and the less the work was like this, so that little is
lost where they do not (Barber, Candès, Ramdas and Tibshirani, Conformal prediction beyond exchangeability, 2023). They
are logarithms of what came over what was foretold: to be wrong by a factor counts the same both ways.

Where few errors are known, those count beside them that one would expect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from statistics import NormalDist
from typing import NamedTuple

import msgspec

from reelwright.jobs.forecast import Forecast

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
EXPECTED, ENOUGH = 4.0, 12.0
"""Errors that one would expect count as so many as long as none is known, and not at all where so many are."""
SHY = 2
"""So many errors of nothing count where it is learned from others by how much a model is wrong in the middle."""
CERTAIN = 2.0
"""By so many standard errors the middle of errors has to lie beside nothing to be more than chance."""
FORGETTING = 20.0
"""An error counts the e-th part of one that is so many jobs younger."""
FLOOR_S = 0.05
"""Less than this is nothing: an error of milliseconds counts for no factor."""


class Error(NamedTuple):
    """By how much what came lay above what was said, and as how much of an error it counts: at most as one."""

    by: float
    weight: float = 1.0


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """What is known of jobs that were so far, per cent. `trust`: how much what was measured of the job counts, 0 to 1,
    beside what was foretold of it; the logarithms of what was left then over what was said lie from `low` to `high`
    four times in five, half of them below `middle`."""

    percent: float
    trust: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Midway:
    """One job when it was so far, per cent: the seconds that were left as it came, as it was foretold, and by what was
    measured of the job itself; None: that was not said. `weight`: as of its errors."""

    percent: float
    left_s: float
    foretold_s: float | None
    measured_s: float | None
    weight: float = 1.0


PERCENTS = (5.0, 12.0, 25.0, 50.0, 75.0, 95.0)
FOREKNOWN = 5
"""Errors that one would expect count as so many that were seen."""


def foretold_error(percent: float) -> float:
    """Return the error to expect of what was foretold of a job at its start, as long as nobody knows better: a
    logarithm, as all of these."""
    return 0.4 + _error_at_the_end(percent)


def measured_error(percent: float) -> float:
    """Return the same of what is measured of it: large at first, where what goes before the work seems to be work."""
    return 0.15 + 0.3 * (1 - percent / 100) ** 2 + _error_at_the_end(percent)


def _error_at_the_end(percent: float) -> float:
    """What comes after the work, which neither knows, is much of what is left then."""
    return 0.35 * (percent / 100) ** 4


def weight(age: int, lasted_s: float, lasts_s: float) -> float:
    """Return as how much of an error that of a job counts with so many younger ones, which was to last so long, where
    one is foretold that is to last so long: half for twice or half of it."""
    unlike = abs(math.log(max(lasted_s, FLOOR_S) / max(lasts_s, FLOOR_S)))
    return math.exp(-age / FORGETTING - unlike)


def quantile(errors: Sequence[Error], share: float) -> float:
    """Return below what so large a share of further errors lies. Of n that count alike, a further one is as likely
    between any two neighbours, or beyond the ends, as anywhere: it counts as one more."""
    ordered = sorted(errors)
    whole = sum(error.weight for error in ordered) + 1
    ends = accumulate(error.weight for error in ordered)
    places = [(end - error.weight / 2 + 0.5) / whole for error, end in zip(ordered, ends, strict=True)]
    if share <= places[0]:
        return ordered[0].by
    for number, (before, after) in enumerate(pairwise(places)):
        if share <= after:
            part = (share - before) / (after - before) if after > before else 1.0
            here, there = ordered[number].by, ordered[number + 1].by
            return min(here + part * (there - here), there)  # rounded, it may be beyond
    return ordered[-1].by


def error(came: float, said: float, spread: float = 1.0) -> float:
    """Return by how many spreads the logarithm of what came lies above what was said."""
    return math.log(max(came, FLOOR_S) / max(said, FLOOR_S)) / spread


def calibrated(forecast: Forecast, errors: Sequence[Error]) -> Forecast:
    """Return the forecast as errors of earlier ones, in their spreads, would have it."""
    low, middle, high = _quantiles(errors, 1.0)
    by, expected = forecast.spread, forecast.expected
    return replace(
        forecast,
        expected=expected * math.exp(middle * by),
        low=expected * math.exp(low * by),
        high=expected * math.exp(high * by),
    )


def checkpoints(seen: Sequence[Midway]) -> tuple[Checkpoint, ...]:
    """Learn from earlier jobs how what was said of them on their way has come."""
    by: dict[float, list[Midway]] = {percent: [] for percent in PERCENTS}
    for one in seen:
        by[min(PERCENTS, key=lambda percent: abs(percent - one.percent))].append(one)
    return tuple(_checkpoint(percent, near) for percent, near in by.items())


def at(points: Sequence[Checkpoint], percent: float) -> Checkpoint:
    """Return what is known of jobs that are so far, between two points what lies between them."""
    if percent <= points[0].percent:
        return points[0]
    for before, after in pairwise(points):
        if percent <= after.percent:
            part = (percent - before.percent) / (after.percent - before.percent)
            pairs = zip(msgspec.structs.astuple(before), msgspec.structs.astuple(after), strict=True)
            return Checkpoint(*((1 - part) * one + part * other for one, other in pairs))  # keeps their order
    return points[-1]


def said(foretold_s: float | None, measured_s: float | None, trust: float) -> float | None:
    """Return the seconds left by what was foretold and by what was measured: the mean of their logarithms, by how much
    each is worth; None where neither is known."""
    if foretold_s is None or measured_s is None:
        only_s = measured_s if foretold_s is None else foretold_s
        return None if only_s is None else max(only_s, FLOOR_S)
    by = (1 - trust) * math.log(max(foretold_s, FLOOR_S)) + trust * math.log(max(measured_s, FLOOR_S))
    return math.exp(by)


def _checkpoint(percent: float, seen: Sequence[Midway]) -> Checkpoint:
    of_foretold = [Error(error(one.left_s, one.foretold_s), one.weight) for one in seen if one.foretold_s is not None]
    of_measured = [Error(error(one.left_s, one.measured_s), one.weight) for one in seen if one.measured_s is not None]
    foretold = _variance(of_foretold, foretold_error(percent))
    measured = _variance(of_measured, measured_error(percent))
    trust = foretold / (foretold + measured)  # as independent errors would have it
    found = [(one, said(one.foretold_s, one.measured_s, trust)) for one in seen]
    errors = [Error(error(one.left_s, by), one.weight) for one, by in found if by is not None]
    low, middle, high = _quantiles(errors, measured_error(percent))
    return Checkpoint(percent, trust, low, min(max(_more_than_chance(middle, errors, percent), low), high), high)


def _variance(errors: Sequence[Error], expected: float) -> float:
    """The mean square of how far errors are from their middle."""
    middle = _middle(errors)
    known = sum((error.by - middle) ** 2 * error.weight for error in errors)
    return (known + FOREKNOWN * expected**2) / (sum(error.weight for error in errors) + FOREKNOWN)


def _more_than_chance(middle: float, errors: Sequence[Error], percent: float) -> float:
    """Return as much of the middle of errors as is more than chance. What was foretold is put right by earlier jobs
    already: put right once more by the middle of a few errors, it is wrong by as much more (James and Stein, Estimation
    with quadratic loss, 1961)."""
    weights = [error.weight for error in errors]
    if not middle or not (squares := sum(weight**2 for weight in weights)):
        return 0.0
    of_chance = CERTAIN**2 * math.pi / 2 * _variance(errors, measured_error(percent)) * squares / sum(weights) ** 2
    return middle * max(1 - of_chance / middle**2, 0.0)


def _middle(errors: Sequence[Error]) -> float:
    known = sum(error.weight for error in errors)
    return quantile(errors, MIDDLE) * known / (known + SHY) if errors else 0.0


def _quantiles(errors: Sequence[Error], spread: float) -> tuple[float, float, float]:
    """Between which errors lie four times in five, and their middle. Those that one would expect lie around the middle
    of those that are known, within `spread` four times in five."""
    expected = EXPECTED * (1 - sum(error.weight for error in errors) / ENOUGH)
    found = list(errors)
    if expected > 0:
        normal = NormalDist(_middle(errors), spread / NormalDist().inv_cdf(HIGH))
        count = 10
        found += [Error(normal.inv_cdf((number + 0.5) / count), expected / count) for number in range(count)]
    return quantile(found, LOW), quantile(found, MIDDLE), quantile(found, HIGH)


UNKNOWN = checkpoints(())
"""As long as no job has ended."""

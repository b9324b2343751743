"""Intervals are as wide as what came of earlier ones would have them, whatever the model is worth."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.jobs import calibration
from reelwright.jobs.calibration import FLOOR_S, UNKNOWN, Checkpoint, Error, Midway
from reelwright.jobs.forecast import Forecast

TRIES = 1000
SECONDS = st.floats(0, 1e7, allow_nan=False)


BEFORE = 80
"""Jobs that are known before any is judged."""
RECENT = 150
"""Older ones count less than a thousandth."""


WEIGHTS = [calibration.weight(age, 10, 10) for age in range(RECENT)]
"""Of errors of work that is alike, the newest first."""


def aged(errors: list[float]) -> list[Error]:
    return [Error(by, weight) for by, weight in zip(errors, WEIGHTS, strict=False)]


def forecast(expected: float, spread: float) -> Forecast:
    return Forecast(expected, expected * math.exp(-spread), expected * math.exp(spread), 9)


@pytest.mark.parametrize("spread", [0.05, 0.3, 2.0])
@pytest.mark.parametrize("bias", [-0.5, 0.0, 0.7])
@pytest.mark.parametrize("tail", [1.0, 0.5])
def test_a_model_that_is_wrong_about_itself_is_set_right(spread: float, bias: float, tail: float) -> None:
    """Errors of 0.3 and a bias, whatever the model thinks of its own, with light tails or heavy ones: the interval
    holds as often as it should, and the likely time has no bias."""
    chance = random.Random(3)
    held, above = 0, 0
    errors: list[float] = []
    for number in range(TRIES):
        scale = 0.3 if chance.random() < tail else 0.9
        came = 10 * math.exp(chance.gauss(bias, scale))
        model = forecast(10, spread)
        if number >= BEFORE:
            told = calibration.calibrated(model, aged(errors[:RECENT]))
            held += told.low <= came <= told.high
            above += came > told.expected
        errors.insert(0, calibration.error(came, model.expected, model.spread))
    counted = TRIES - BEFORE
    assert 0.75 <= held / counted <= 0.9
    assert 0.4 <= above / counted <= 0.6


def test_a_machine_that_becomes_slower_is_heeded_after_some_jobs() -> None:
    """What is long ago counts little."""
    slower = math.log(3) / 0.3
    told = [
        calibration.calibrated(forecast(10, 0.3), aged([slower] * count + [0.0] * 99)).expected for count in (0, 9, 30)
    ]
    assert told[0] == pytest.approx(10)
    assert told[0] <= told[1] <= told[2]
    assert told[2] == pytest.approx(30)


def test_work_that_was_alike_counts_more() -> None:
    """What was wrong with short jobs says little of long ones."""
    errors = [Error(1.0, calibration.weight(0, 3, 300)), Error(-1.0, calibration.weight(0, 290, 300))] * 30
    assert calibration.calibrated(forecast(300, 0.3), errors).expected < 230


def test_without_errors_the_model_is_believed_with_a_little_doubt() -> None:
    told = calibration.calibrated(forecast(10, 0.3), [])
    assert told.expected == pytest.approx(10)
    assert 1.0 < math.log(told.high / told.low) / 0.6 < 1.5


ERRORS = st.lists(st.builds(Error, st.floats(-100, 100), st.floats(0, 1)), min_size=1, max_size=60)


@given(ERRORS, st.floats(0.01, 0.99))
def test_a_quantile_lies_among_the_errors_and_rises(errors: list[Error], share: float) -> None:
    found = calibration.quantile(errors, share)
    assert min(error.by for error in errors) <= found <= max(error.by for error in errors)
    assert found <= calibration.quantile(errors, min(share + 0.01, 1.0))


def test_at_a_checkpoint_that_one_is_known_as_it_is() -> None:
    """To the last digit, or an interval's middle would lie beyond its end where both are equal."""
    points = (Checkpoint(0.0, 0.0, -0.4, 0.3, 3.3), Checkpoint(10.0, 1.0, 0.15, 0.9, 0.9))
    assert calibration.at(points, 10.0) == points[1]


def test_a_quantile_of_errors_that_count_alike_is_the_usual_one() -> None:
    """The k-th of n has k of n + 1 below itself."""
    errors = [Error(by) for by in (3.0, 1.0, 2.0, 4.0)]
    assert [calibration.quantile(errors, share) for share in (0.1, 0.2, 0.4, 0.5, 0.8, 0.9)] == pytest.approx(
        [1, 1, 2, 2.5, 4, 4]
    )


@given(
    st.lists(
        st.builds(Midway, st.floats(0, 99), SECONDS, st.none() | SECONDS, st.none() | SECONDS, st.floats(0, 1)),
        max_size=60,
    ),
    st.floats(0, 99),
)
def test_what_is_known_of_jobs_on_their_way_is_always_an_interval(seen: list[Midway], percent: float) -> None:
    """Whatever was: jobs that took no time, or of which nothing was said."""
    point = calibration.at(calibration.checkpoints(seen), percent)
    assert 0 <= point.trust <= 1
    assert point.low <= point.middle <= point.high
    assert all(math.isfinite(value) for value in (point.low, point.middle, point.high))


def test_more_is_trusted_what_was_wrong_less() -> None:
    """Of two ways to tell what is left, the one that held."""
    by_measure = [Midway(50, 10, 10 * math.exp(0.8 * (-1) ** n), 10.5) for n in range(30)]
    by_forecast = [Midway(50, 10, 10.5, 10 * math.exp(0.8 * (-1) ** n)) for n in range(30)]
    trusted = calibration.at(calibration.checkpoints(by_measure), 50).trust
    doubted = calibration.at(calibration.checkpoints(by_forecast), 50).trust
    assert trusted > 0.9
    assert doubted < 0.2


def test_what_is_said_holds_on_the_way() -> None:
    """Four times in five, for errors of both ways that are as they are."""
    chance = random.Random(5)
    seen: list[Midway] = []
    held = 0
    for number in range(600):
        left_s = 10 * math.exp(chance.gauss(0, 1))
        one = Midway(25, left_s, left_s * math.exp(chance.gauss(0.2, 0.4)), left_s * math.exp(chance.gauss(-0.3, 0.25)))
        if number >= 100:
            newest = [replace(each, weight=calibration.weight(age, 9, 9)) for age, each in enumerate(seen[:100])]
            point = calibration.at(calibration.checkpoints(newest), 25)
            said = calibration.said(one.foretold_s, one.measured_s, point.trust)
            assert said is not None
            held += said * math.exp(point.low) <= left_s <= said * math.exp(point.high)
        seen.insert(0, one)
    assert 0.75 <= held / 500 <= 0.9


def test_what_is_said_is_put_right_by_more_than_chance_alone() -> None:
    """A few errors that happen to lie on one side move nothing; many that do move it by what they show."""
    by_chance = [Midway(25, 10, said, None) for said in (6, 7, 8, 12, 9, 16, 7, 8)]
    assert calibration.at(calibration.checkpoints(by_chance), 25).middle == 0
    always_late = [Midway(25, 10, 5 * math.exp(0.1 * (-1) ** n), None) for n in range(60)]
    assert 0.6 < calibration.at(calibration.checkpoints(always_late), 25).middle < 0.8


def test_less_and_less_is_doubted_until_what_follows_the_work_is_most_of_what_is_left() -> None:
    """As long as nothing is known of any job: what is measured is soon worth more than what was foretold."""
    *before, at_the_end = UNKNOWN
    widths = [point.high - point.low for point in before if point.percent <= 50]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < at_the_end.high - at_the_end.low
    assert [point.trust for point in before] == sorted(point.trust for point in before)
    assert at_the_end.trust > 0.7


@pytest.mark.parametrize(
    ("foretold_s", "measured_s", "said"),
    [(None, None, None), (4.0, None, 4.0), (None, 9.0, 9.0), (4.0, 9.0, 6.0), (0.0, 0.0, FLOOR_S)],
)
def test_what_is_known_one_way_alone_is_said(
    foretold_s: float | None, measured_s: float | None, said: float | None
) -> None:
    assert calibration.said(foretold_s, measured_s, 0.5) == (None if said is None else pytest.approx(said))


def test_between_two_points_lies_what_is_between() -> None:
    points = (Checkpoint(10, 0.2, -1, 0, 1), Checkpoint(20, 0.4, -0.5, 0.5, 1.5))
    assert msgspec.structs.astuple(calibration.at(points, 15)) == (15, pytest.approx(0.3), -0.75, 0.25, 1.25)
    assert (calibration.at(points, 0), calibration.at(points, 99)) == points

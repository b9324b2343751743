"""How timestamps become a frame rate, constant or variable."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reelwright.media.probe.frame_rate import believable_rate, spacing

MILLISECOND, NTSC = Fraction(1, 1000), Fraction(30000, 1001)


@given(
    rate=st.sampled_from([Fraction(24), Fraction(25), NTSC, Fraction(60), Fraction(240000, 1001)]),
    time_base=st.sampled_from([MILLISECOND, Fraction(1, 90000), Fraction(1, 600), Fraction(1, 30000)]),
    first=st.integers(-10_000, 10_000),
    count=st.integers(30, 300),
)
def test_rounding_is_not_a_variable_frame_rate(rate: Fraction, time_base: Fraction, first: int, count: int) -> None:
    """A constant rate, rounded to the container's ticks, stays constant and is found within 2 %."""
    assume(rate * time_base <= Fraction(1, 4))
    found = spacing([first + round(i / rate / time_base) for i in range(count)], time_base)
    assert not found.variable
    assert believable_rate([rate], found.rate) == rate


@given(at=st.integers(1, 99), by=st.integers(2, 5))
def test_one_missing_frame_makes_it_variable(at: int, by: int) -> None:
    """A single gap of two frames is found wherever it is, and is the longest."""
    ticks = [40 * (i + (by - 1) * (i >= at)) for i in range(100)]
    found = spacing(ticks, MILLISECOND)
    assert found.variable
    assert found.longest_s == Fraction(40 * by, 1000)


def test_a_tick_as_long_as_a_frame_hides_no_gap() -> None:
    """AVI counts in frames: there, one tick is no rounding."""
    assert spacing([0, 2, 3, 4, 5, 6], Fraction(1, 25)).variable
    assert not spacing([0, 1, 2, 3, 4, 5], Fraction(1, 25)).variable


@pytest.mark.parametrize(
    ("stated", "measured", "believed"),
    [
        ([Fraction(60000), NTSC], Fraction(2997, 100), NTSC),
        ([Fraction(60000)], Fraction(25), Fraction(25)),
        ([None, Fraction(0), Fraction(25)], None, Fraction(25)),
        ([Fraction(90000)], None, None),
        ([], None, None),
    ],
)
def test_a_stated_rate_is_believed_only_near_the_measured_one(
    stated: list[Fraction | None], measured: Fraction | None, believed: Fraction | None
) -> None:
    """Headers say exact things and lie; timestamps are rounded and do not."""
    assert believable_rate(stated, measured) == believed


def test_few_or_equal_timestamps_are_no_rate() -> None:
    """One frame, or many at the same time, have no rate and divide by nothing."""
    assert spacing([7], MILLISECOND).rate is None
    assert spacing([7, 7, 7], MILLISECOND).rate is None
    assert not spacing([7, 7, 7], MILLISECOND).variable

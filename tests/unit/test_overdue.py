"""An interval of the seconds that are left, as time goes by."""

from __future__ import annotations

import pytest

from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs.overdue import left_after

TOLD = SecondsLeft(low_s=8, likely_s=10, high_s=13)


def ends(left: SecondsLeft) -> tuple[float, float, float]:
    return left.low_s, left.likely_s, left.high_s


def test_a_moment_later_there_is_as_much_less() -> None:
    assert left_after(TOLD, 0) == TOLD
    assert ends(left_after(TOLD, 3)) == pytest.approx((5, 7, 10), abs=0.02)


def test_what_has_outlasted_a_part_of_the_interval_is_of_those_that_last() -> None:
    """Half of what lasts for longer than the likely time lasts for 11.3 s, and a tenth of it for 13.9 s."""
    assert ends(left_after(TOLD, 10)) == pytest.approx((0.3, 1.5, 4.0), abs=0.1)


def test_what_is_overdue_is_not_about_to_end() -> None:
    """The later it is, the longer it may take, and an interval it stays."""
    likely_s = 0.0
    for passed_s in (20, 60, 600, 6e5):
        low_s, later_s, high_s = ends(left_after(TOLD, passed_s))
        assert 0 < low_s < later_s < high_s < passed_s
        assert later_s > likely_s
        likely_s = later_s


@pytest.mark.parametrize("told", [(0, 0, 0), (0, 0, 5), (3, 3, 3), (0, 2, 2), (1e-9, 1e9, 1e9)])
def test_any_interval_can_be_asked(told: tuple[float, float, float]) -> None:
    left = SecondsLeft(low_s=told[0], likely_s=told[1], high_s=told[2])
    for passed_s in (-1, 1e-9, 3, 3.01, 1e12):
        low_s, likely_s, high_s = ends(left_after(left, passed_s))
        assert 0 <= low_s <= likely_s <= high_s

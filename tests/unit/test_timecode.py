"""Points in time as clients write them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits import timecode


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, "0"),
        (2.5, "5/2"),
        (0.1, "1/10"),
        (1.001, "1001/1000"),
        ("00:00:02.500", "5/2"),
        ("01:02:03", "3723"),
        ("100:00:00", "360000"),
        ("00:00:00.033366667", "33366667/1000000000"),
        ("1", "1"),
        ("1.5", "3/2"),
        ("090", "90"),
        ("0:01", "1"),
        ("1:30", "90"),
        ("01:30.25", "361/4"),
        ("90:00", "5400"),
        ("0:01:30.5", "181/2"),
    ],
)
def test_seconds_are_exact(value: timecode.Time, seconds: str) -> None:
    """A number means its decimal digits, a clock its own."""
    assert timecode.parse(value) == Fraction(seconds)


@pytest.mark.parametrize(
    "value",
    [
        *(-0.001, float("inf"), float("nan"), 1e12, "00:60:00", "00:00:60", "0:0:0", "-00:00:01"),
        *(
            "1:2",
            "1:75",
            "1:300",
            "1:60:00",
            ":30",
            "1:",
            "1::30",
            "1:2:03",
            "0:00:00:01",
            ".5",
            "1.",
            "1e3",
            "+1",
            "1 s",
        ),
        *("999999999", "60001:00", "1000:00:01"),
        *("00:00:01,5", "00:00:01.", " 00:00:01", "00:00:01\n", "٠٠:٠٠:٠١", "", "00:00:00.0000000001"),
    ],
)
def test_anything_else_is_refused(value: timecode.Time) -> None:
    """With a sentence, never another exception."""
    with pytest.raises(ValueError, match=r"a time is|integer ratio|Invalid literal"):
        timecode.parse(value)


@given(st.integers(0, 3_599_999_999_999))
def test_clock_and_number_agree(microseconds: int) -> None:
    """Every microsecond up to a thousand hours reads the same in both forms."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:06}"
    assert timecode.parse(clock) == Fraction(Decimal(microseconds).scaleb(-6))

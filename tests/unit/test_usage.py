"""Use by day, and what a day and a month are."""

from __future__ import annotations

import datetime

import pytest

from reelwright.access.made_minutes import period
from reelwright.access.usage import Use, by_day

DAY = datetime.date(2026, 11, 21)


def day(number: int) -> datetime.date:
    return DAY + datetime.timedelta(days=number)


def test_every_day_is_told_with_what_was_stored_all_along() -> None:
    """A day begins with what the one before has left; where nothing came or went, that stays."""
    found = {
        day(1): Use(received_bytes=5, stored_bytes=2, most_stored_bytes=8),
        day(3): Use(stored_bytes=9, most_stored_bytes=9),
    }
    told = list(by_day(found, day(0), day(3), stored_before=7))
    assert [one for one, _ in told] == [day(number) for number in range(4)]
    assert [(use.stored_bytes, use.most_stored_bytes) for _, use in told] == [(7, 7), (2, 8), (2, 2), (9, 9)]
    assert [use.received_bytes for _, use in told] == [0, 5, 0, 0]


def test_days_are_added_up() -> None:
    total = Use(1, 9, 2.0, 3.0, 4, 5, 6, 7, 9).then(Use(1, 1, 1.0, 1.0, 1, 1, 1, None, 8))
    assert total == Use(2, 10, 3.0, 4.0, 5, 6, 7, 7, 9)


@pytest.mark.parametrize(
    ("name", "now", "first", "anew"),
    [
        ("made_minutes_per_day", "2026-11-30T23:59:00Z", "2026-11-30", "2026-12-01T00:00:00Z"),
        ("made_minutes_per_day", "2026-12-01T01:00:00+02:00", "2026-11-30", "2026-12-01T00:00:00Z"),
        ("made_minutes_per_month", "2026-12-31T12:00:00Z", "2026-12-01", "2027-01-01T00:00:00Z"),
        ("made_minutes_per_month", "2028-02-29T12:00:00Z", "2028-02-01", "2028-03-01T00:00:00Z"),
    ],
)
def test_a_day_and_a_month_are_those_of_utc(name: str, now: str, first: str, anew: str) -> None:
    read = datetime.datetime.fromisoformat
    assert period(name, read(now)) == (datetime.date.fromisoformat(first), read(anew))

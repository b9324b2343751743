"""Limits: the arithmetic of what is left, and that the table of them is whole and true."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from reelwright.access.limits import NAMES, NONE, AccessLimits
from reelwright.access.rate_buckets import WINDOW_S, Standing, drawn
from reelwright.api.http.rate_limit_headers import headers
from reelwright.api.service_limits import BUILT_IN, NO_LIMITS, OF_SETTINGS, bounds
from reelwright.error_codes import CODE_BY_STATUS
from reelwright.settings import Settings

ROOT = Path(__file__).parents[2]


@given(most=st.integers(1, 10_000), pauses_s=st.lists(st.floats(0, 120), max_size=200))
def test_a_bucket_never_gives_more_than_a_minutes_worth_at_once_and_then_as_it_fills(
    most: int, pauses_s: list[float]
) -> None:
    now, full_at, taken = 1000.0, 0.0, 0
    for pause_s in pauses_s:
        now += pause_s
        standing, full_at = drawn("x", most, full_at, now)
        taken += not standing.refused
        assert 0 <= standing.left < most
        assert 0 <= standing.full_in_s <= WINDOW_S + 1e-6
    assert taken <= most + math.ceil(sum(pauses_s) * most / WINDOW_S) + 1


@given(most=st.integers(1, 10_000))
def test_whoever_waits_as_long_as_it_is_told_is_served(most: int) -> None:
    full_at = 0.0
    for left in reversed(range(most)):
        standing, full_at = drawn("x", most, full_at, 1000.0)
        assert (standing.refused, standing.left) == (False, left)
    refused, unchanged = drawn("x", most, full_at, 1000.0)
    assert refused.refused
    assert unchanged == full_at
    assert not drawn("x", most, full_at, 1000.0 + refused.wait_s + 1e-9)[0].refused


def test_the_headers_are_those_of_the_draft() -> None:
    """draft-ietf-httpapi-ratelimit-headers-11: lists of strings with integers beside them."""
    both = [Standing("project-requests", 100, 99, 0.6), Standing("key-jobs", 5, 0, 60.0)]
    assert headers(both) == [
        (b"ratelimit-policy", b'"project-requests";q=100;w=60, "key-jobs";q=5;w=60'),
        (b"ratelimit", b'"project-requests";r=99;t=1, "key-jobs";r=0;t=60'),
    ]
    assert headers([]) == []


def test_own_limits_come_before_the_settings_and_zero_is_none() -> None:
    own = AccessLimits.stored({"jobs_per_minute": 0, "unfinished_jobs": 3, "of_another_release": 1})
    merged = own.over(AccessLimits(jobs_per_minute=5, stored_bytes=7))
    assert [merged.most(name) for name in NAMES] == [None, None, 3, None, 7, None, None]
    assert [NONE.most(name) for name in NAMES] == [None] * 7
    assert msgspec.to_builtins(own) == {"jobs_per_minute": 0, "unfinished_jobs": 3}


def test_every_number_of_the_settings_is_a_limit_or_said_to_be_none() -> None:
    """A new one is put into OF_SETTINGS, or into NO_LIMITS, of src/reelwright/api/service_limits.py."""
    defaults = Settings()
    numbers = {
        name
        for name in Settings.__struct_fields__
        if isinstance(value := getattr(defaults, name), int | float) and not isinstance(value, bool)
    }
    missing = numbers - OF_SETTINGS.keys() - NO_LIMITS
    assert not missing, (
        f"say of {missing} in src/reelwright/api/service_limits.py whether it is a limit that clients meet"
    )
    assert OF_SETTINGS.keys() <= numbers


def test_the_table_is_whole() -> None:
    table = bounds(Settings())
    assert len({row.name for row in table}) == len(table) == len(OF_SETTINGS) + len(BUILT_IN)
    assert all(row.status is None or row.status in CODE_BY_STATUS for row in table)
    assert all(row.value > 0 and row.meaning for row in table)


def test_the_page_is_what_the_table_says() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "document_limits.py"))
    for path, write in script["DOCUMENTS"].items():
        assert path.read_text() == write(), f"run scripts/document_limits.py: {path.name} is old"

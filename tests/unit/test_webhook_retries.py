"""When an endpoint is tried again that asks for patience."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.events.webhook_retries import MAX_RETRY_AFTER_S, retry_after_s

NOON = 1_445_428_800.0  # Wed, 21 Oct 2015 12:00:00 GMT


@pytest.mark.parametrize(
    ("value", "wished"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Wed, 21 Oct 2015 12:00:30 GMT", 30),
        ("Wed, 21 Oct 2015 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_RETRY_AFTER_S),
        ("999999999", MAX_RETRY_AFTER_S),
        ("-5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 20150 12:00:30 GMT", None),
    ],
)
def test_it_is_a_number_of_seconds_or_a_date(value: str, wished: float | None) -> None:
    """At most a day; what has passed is now, and what cannot be read asks for nothing."""
    assert retry_after_s(value, NOON) == wished


@given(st.text(st.characters(max_codepoint=255)))
def test_no_answer_is_an_accident(value: str) -> None:
    """Whatever an endpoint says."""
    wished = retry_after_s(value, NOON)
    assert wished is None or 0 <= wished <= MAX_RETRY_AFTER_S

"""Cursors: clients hand them on without looking inside, and whatever else they send is refused."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.library.pages import Cursor


@given(
    st.datetimes(min_value=datetime.datetime(1970, 1, 1), timezones=st.just(datetime.UTC)),  # noqa: DTZ001
    st.uuids(),
    st.integers(2, 2**32 - 2),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_a_cursor_comes_back_as_it_went(
    time: datetime.datetime, row_id: uuid.UUID, page: int, total: int, descending: bool
) -> None:
    """To the microsecond, in characters that need no quoting."""
    cursor = Cursor(time, row_id, page, total, descending)
    text = str(cursor)
    assert text.replace("-", "").replace("_", "").isalnum()
    assert Cursor.parse(text) == cursor


@given(st.text(max_size=60) | st.binary(max_size=40).map(lambda some: base64.urlsafe_b64encode(some).decode()))
def test_anything_else_is_refused_or_a_place(text: str) -> None:
    """With ValueError and nothing but that."""
    try:
        cursor = Cursor.parse(text)
    except ValueError:
        return
    assert str(Cursor.parse(str(cursor))) == str(cursor)
    assert str(dataclasses.replace(cursor, page=cursor.page + 1)), "the page after it can be named"


@pytest.mark.parametrize(("page", "microseconds"), [(2, 2**63 - 1), (2, -(2**63)), (2**32 - 1, 0)])
def test_a_place_that_no_list_has_is_refused(page: int, microseconds: int) -> None:
    """Beyond the year 9999, before the year 1, and where no page can follow."""
    place = b"\1" + page.to_bytes(4) + (7).to_bytes(4) + microseconds.to_bytes(8, signed=True) + bytes(16)
    with pytest.raises(ValueError, match="no cursor"):
        Cursor.parse(base64.urlsafe_b64encode(place).decode())

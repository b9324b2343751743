"""The query parameters that lists have in common: which page. What it has to have: `label_filters.py`."""

from __future__ import annotations

import datetime
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter

from reelwright.api.schemas.label_filters import label_filter
from reelwright.errors import FieldError, InvalidInput
from reelwright.library.pages import Cursor, Wanted

MAX_PAGE, MAX_PAGE_SIZE = 1_000_000, 200

PageNumber: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE, description="From 1.")]
PageSize: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE_SIZE, description="So many a page.")]
After: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        max_length=100,
        description="The `next_cursor` of the page before, instead of `page`: nothing is missed or comes twice, and the"
        " last page takes no longer than the first.",
    ),
]
TimeParameter: TypeAlias = Annotated[
    datetime.datetime | None,
    QueryParameter(description="A point in time with its zone, as 2026-11-21T10:15:30Z."),
]


def wanted(
    page: int,
    page_size: int,
    cursor: str | None,
    *,
    tag: list[str] | None = None,
    external_id: str | None = None,
    metadata: str | None = None,
    descending: bool | None = True,
) -> Wanted:
    """Return what the query asks for. `descending`: whether the list goes back in time, None where its order is
    another.

    Raises InvalidInput that names every wrong parameter.
    """
    errors: list[FieldError] = []
    after = None
    if cursor is not None:
        try:
            after = _cursor(cursor, page, descending)
        except ValueError as error:
            errors.append(FieldError("?cursor", str(error)))
    labels, wrong = label_filter(tag=tag, external_id=external_id, metadata=metadata)
    errors += wrong
    if errors:
        raise InvalidInput(errors)
    return Wanted(size=page_size, offset=(page - 1) * page_size, after=after, labels=labels)


def without_zone(**times: datetime.datetime | None) -> list[FieldError]:
    """Return an error for each parameter that is a time without its zone: nobody knows when that is."""
    wrong = [name for name, time in times.items() if time is not None and time.tzinfo is None]
    return [FieldError(f"?{name}", "has no zone: end it with Z, or with an offset as %2B02:00") for name in wrong]


def _cursor(text: str, page: int, descending: bool | None) -> Cursor:
    if descending is None:
        raise ValueError("goes with an order of time only; else pages have numbers")
    if page != 1:
        raise ValueError("says itself which page it is: leave `page` out")
    cursor = Cursor.parse(text)
    if cursor.descending != descending:
        raise ValueError("is of a list in another order")
    return cursor

"""The query parameters that lists have in common: which page, and of what."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar.params import QueryParameter

from reelwright.edits.labels import (
    MAX_EXTERNAL_ID_CHARACTERS,
    MAX_METADATA_BYTES,
    MAX_TAG_CHARACTERS,
    Labels,
    faults,
)
from reelwright.errors import FieldError, InvalidInput
from reelwright.library.pages import Cursor, Wanted

MAX_TAGS = 10
"""So many tags may be asked for at once."""

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
TagParameter: TypeAlias = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TAG_CHARACTERS)]] | None,
    QueryParameter(description="Only what has this tag; given several times, what has them all."),
]
ExternalIdParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=MAX_EXTERNAL_ID_CHARACTERS, description="Only what has this `external_id`."
    ),
]
MetadataParameter: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        max_length=MAX_METADATA_BYTES,
        description="Only what has this in its metadata: `name=text`, or a JSON object (`"
        '{"customer": {"id": 7}}`), which may be a part of what is there.',
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
    if tag is not None and len(tag) > MAX_TAGS:
        errors.append(FieldError("?tag", f"comes more than {MAX_TAGS} times"))
    members: dict[str, Any] = {}
    try:
        members = {} if metadata is None else _metadata(metadata)
    except ValueError as error:
        errors.append(FieldError("?metadata", str(error)))
    labels = Labels(tags=tuple(dict.fromkeys(tag or ())), external_id=external_id, metadata=members)
    errors += [_of_parameter(error) for error in faults(labels)]
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


def _metadata(text: str) -> dict[str, Any]:
    """Raises ValueError with a sentence for the client."""
    if not text.startswith("{"):
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError("is neither `name=text` nor a JSON object")
        return {name: value}
    try:
        members: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if _names_nothing(members):
        raise ValueError("has an empty object or list in it, which names nothing to look for")
    return members


def _names_nothing(value: Any) -> bool:
    """Whether an object or a list somewhere in it is empty: no index finds what contains those."""
    if isinstance(value, dict | list):
        return not value or any(map(_names_nothing, value.values() if isinstance(value, dict) else value))
    return False


def _of_parameter(error: FieldError) -> FieldError:
    """The error where the query has what it speaks of."""
    _, name, *inside = error.pointer.split("/", 2)
    place = f"/{inside[0]}: " if inside and name == "metadata" else ""
    return FieldError(f"?{'tag' if name == 'tags' else name}", place + error.detail)

"""What requests and answers have in common: bodies, pages, points in time, addresses of files."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar

import msgspec
from msgspec import Meta

from reelwright.library.pages import Part, Wanted

Url = Annotated[str, Meta(description="Address of the file's bytes on this host, from the slash on.")]

DownloadUrl = Annotated[str, Meta(description="The same bytes, to be saved under a speaking name.")]
Address = Annotated[str, Meta(description="Where it can be asked for on this host, from the slash on.")]

Timestamp = Annotated[datetime.datetime, Meta(tz=True)]
"""A point in time, as RFC 3339 has it."""

Item = TypeVar("Item")


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""

    other_spellings: ClassVar[dict[str, str]] = {}
    """Names under which a field is taken too: other name -> field."""


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list."""

    items: list[Item]
    total: int
    page: int
    page_size: int
    next_cursor: Annotated[
        str | None,
        Meta(
            description="`?cursor=` of the page after this one, whatever is added or deleted meanwhile. Null after the"
            " last, and where the order is not one of time."
        ),
    ]

    @classmethod
    def of(cls, part: Part[Any], asked: Wanted, items: list[Item]) -> Self:
        """`items`: the rows of the part, as they are told."""
        return cls(items=items, total=part.total, page=asked.page, page_size=asked.size, next_cursor=part.next_cursor)

"""Pages of lists that are ordered by time: by number, or after a cursor, which stays right whatever is added."""

from __future__ import annotations

import base64
import binascii
import datetime
import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import ORMOption

from reelwright.db.models import Base
from reelwright.edits.labels import NO_LABELS, Labels

Row = TypeVar("Row", bound=Base)

_CURSOR = struct.Struct(">?IIq16s")
_MOST_PAGES = 2**32 - 1
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: after the row that has the time and the id. `page`: the number of the page that begins there;
    `total`: how many rows the first page counted, for counting takes longer than a page; `descending`: whether the list
    goes back in time."""

    time: datetime.datetime
    id: uuid.UUID
    page: int
    total: int
    descending: bool

    def __str__(self) -> str:
        """Return it as clients hand it on, without looking inside."""
        packed = _CURSOR.pack(
            self.descending, self.page, self.total, (self.time - _EPOCH) // _MICROSECOND, self.id.bytes
        )
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Raises ValueError with a sentence for the client."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            descending, page, total, microseconds, id_bytes = _CURSOR.unpack(packed)
            time = _EPOCH + microseconds * _MICROSECOND
            if page == _MOST_PAGES:
                raise ValueError("a page after it has no number")
        except (ValueError, binascii.Error, struct.error, OverflowError) as error:
            raise ValueError("is no cursor that a list gave") from error
        return cls(time, uuid.UUID(bytes=id_bytes), page, total, descending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of a list: `size` rows, after so many others or after a cursor; only rows that have all the labels."""

    size: int
    offset: int = 0
    after: Cursor | None = None
    labels: Labels = NO_LABELS

    @property
    def page(self) -> int:
        """Return which page it is, from 1."""
        return self.offset // self.size + 1 if self.after is None else self.after.page


@dataclass(frozen=True, slots=True)
class Part(Generic[Row]):
    """One page of rows. `total`: how many there were on all pages when the first was asked for; `following`: where the
    next page begins, if there is one."""

    rows: list[Row]
    total: int
    following: Cursor | None

    @property
    def next_cursor(self) -> str | None:
        """Return it as clients hand it on."""
        return None if self.following is None else str(self.following)


async def count(session: AsyncSession, kind: type[Base], conditions: Sequence[ColumnElement[bool]]) -> int:
    """Return how many rows meet the conditions."""
    return await session.scalar(select(func.count()).select_from(kind).where(*conditions)) or 0


async def by_time(
    session: AsyncSession,
    kind: type[Row],
    time: InstrumentedAttribute[datetime.datetime],
    wanted: Wanted,
    conditions: Sequence[ColumnElement[bool]],
    *,
    descending: bool = True,
    options: Sequence[ORMOption] = (),
) -> Part[Row]:
    """Return the wanted page of the rows that meet the conditions, ordered by `time` and id."""
    identity: Any = kind.id  # type: ignore[attr-defined]
    beyond = [] if wanted.after is None else [_beyond(time, identity, wanted.after)]
    total = await count(session, kind, conditions) if wanted.after is None else wanted.after.total
    order = (time.desc(), identity.desc()) if descending else (time, identity)
    found = await session.scalars(
        select(kind)
        .where(*conditions, *beyond)
        .options(*options)
        .order_by(*order)
        .offset(wanted.offset)
        .limit(wanted.size + 1)
    )
    rows = list(found)
    following = None
    if len(rows) > wanted.size:
        last: Any = rows[wanted.size - 1]
        following = Cursor(getattr(last, time.key), last.id, wanted.page + 1, total, descending)
    return Part(rows[: wanted.size], total, following)


def _beyond(time: Any, identity: Any, cursor: Cursor) -> ColumnElement[bool]:
    place = tuple_(literal(cursor.time, time.type), literal(cursor.id, identity.type))
    row = tuple_(time, identity)
    return row < place if cursor.descending else row > place

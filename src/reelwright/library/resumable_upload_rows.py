"""The rows of uploads that come in several requests: found, locked, and what follows from what they hold.

The row decides who writes: whoever comes last, and is where the upload is, takes over. A writer that was taken over
from, be it dead, asleep or slow, has a smaller number than the row: what it says afterwards is void, and what it writes
nobody reads (storage/upload_pieces.py).
"""

from __future__ import annotations

import datetime
import logging
import uuid
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Interval, Text, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.sql.dml import ReturningUpdate

from reelwright.db.models import Upload
from reelwright.db.models.uploads import UNFINISHED
from reelwright.errors import NotFound, ReelwrightError
from reelwright.storage import upload_pieces
from reelwright.storage.local import LocalStorage
from reelwright.storage.upload_pieces import UploadPiece

logger = logging.getLogger(__name__)

CHANNEL = "reelwright_uploads"
"""NOTIFY channel; the payload is the upload's id, the row is the truth."""
LEASE = datetime.timedelta(seconds=10)
"""Whoever has received the last byte, or examines the upload, is believed alive for so long."""


class UploadRefused(ReelwrightError):
    """The uploaded file was not taken; the bytes are gone."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem["detail"], code=problem["code"])
        self.status = problem["status"]  # type: ignore[misc]
        self._extra = problem["extra"]

    @property
    def extra(self) -> dict[str, Any]:
        return dict(self._extra)


def unexpired() -> ColumnElement[bool]:
    """What rows have to be to be seen: those that have expired are only not removed yet."""
    return Upload.expires_at > func.now()


WHOLE: dict[str, Any] = {"state": "whole", "lease_until": func.now() + LEASE}
"""What rows get of which nothing is missing any more."""


def advance(upload: Upload) -> None:
    """Make it whole where nothing is missing any more."""
    if upload.length_bytes == upload_pieces.total_bytes(upload_pieces.read(upload.pieces)):
        for name, value in WHOLE.items():
            setattr(upload, name, value)


async def found(session: AsyncSession, upload_id: uuid.UUID, *, lock: bool = False) -> Upload:
    """Return the upload. Raises NotFound."""
    asked = select(Upload).where(Upload.id == upload_id, unexpired())
    upload = await session.scalar(asked.with_for_update() if lock else asked)
    if upload is None:
        raise NotFound("no such upload: it was ended, or has expired")
    return upload


async def locked(session: AsyncSession, upload_id: uuid.UUID) -> Upload:
    """Return the upload, which nobody else changes until the transaction ends. Raises NotFound."""
    return await found(session, upload_id, lock=True)


def _changing(
    returned: Any, *conditions: ColumnElement[bool], soon: bool = False, **values: Any
) -> ReturningUpdate[Any]:
    """Return a statement that changes a row if it meets conditions, and tells whoever follows the upload: made once,
    for `changed`, which returns `returned`. `soon`: the database says that it is done before it is on its disk."""
    kept_soon = [func.set_config("synchronous_commit", "off", True)] if soon else []
    change = update(Upload).where(Upload.id == bindparam("upload_id"), *conditions).values(**values)
    told = func.pg_notify(CHANNEL, bindparam("told", type_=Text))
    return change.returning(returned, told, *kept_soon).execution_options(synchronize_session=False)


_EXPIRY = func.now() + bindparam("expiry", type_=Interval)
GO_ON = _changing(
    Upload.id,
    Upload.writer == bindparam("left"),
    Upload.writing.is_(None),
    Upload.state == "receiving",
    unexpired(),
    writer=bindparam("own"),
    writing=bindparam("kind"),
    expires_at=_EXPIRY,
)
"""A writer goes on where its process has left the upload, if nobody came since."""


def _releasing(*, soon: bool = False, **values: Any) -> ReturningUpdate[Any]:
    return _changing(
        Upload,
        Upload.writer == bindparam("own"),
        soon=soon,
        pieces=bindparam("now"),
        writing=None,
        expires_at=_EXPIRY,
        **values,
    )


RELEASE, RELEASE_WHOLE = _releasing(), _releasing(**WHOLE)
RELEASE_SOON = _releasing(soon=True)
"""A database that dies before it has this on its disk knows a writer that has not ended: the next one takes over from
it, and finds every byte. Of a checked request it would find none."""


async def changed(
    sessions: async_sessionmaker[AsyncSession], change: ReturningUpdate[Any], upload_id: uuid.UUID, **arguments: Any
) -> Any:
    """Change a row by one statement, which is a transaction of its own. Return what it returns of the row as it is
    then; None where that does not meet the conditions."""
    arguments |= {"upload_id": upload_id, "told": str(upload_id)}
    async with sessions() as session:
        await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        row = (await session.execute(change, arguments)).first()
    return None if row is None else row[0]


async def tell(session: AsyncSession, upload_id: uuid.UUID) -> None:
    """Have whoever follows the upload look at its row once the transaction is committed."""
    await session.execute(select(func.pg_notify(CHANNEL, str(upload_id))))


def pieces_now(storage: LocalStorage, upload: Upload) -> list[UploadPiece]:
    """Return the pieces as they lie on the disk now; somebody may be adding to the last one. Blocks.

    The disk is asked, for it is the truth: before an upload is whole nothing makes it keep what the row has, and a
    machine that lost its power has less.
    """
    pieces = upload_pieces.read(upload.pieces)
    if pieces and not pieces[-1].torn and upload.writing != "checked":
        there = upload_pieces.size_bytes(storage, pieces[-1])
        known = there if upload.writing else min(there, pieces[-1].size_bytes)
        pieces[-1] = msgspec.structs.replace(pieces[-1], size_bytes=known)
    return pieces


def offset(storage: LocalStorage, upload: Upload) -> int:
    """Return how many bytes are there now. Blocks."""
    if upload.state not in UNFINISHED:
        return upload.length_bytes or 0
    return upload_pieces.total_bytes(pieces_now(storage, upload))


def take_over(upload: Upload, pieces: list[UploadPiece]) -> UploadPiece:
    """Leave the writer its piece, of which only so much counts as is there now; return it. Once that is committed, it
    has to be kept (storage/upload_pieces.py) before anybody is told of it."""
    torn = pieces.pop()
    if torn.size_bytes:
        pieces.append(msgspec.structs.replace(torn, torn=True))
    upload.pieces = msgspec.to_builtins(pieces)
    upload.writing = None
    upload.writer += 1
    logger.info("upload %s: its writer was given up at %d bytes", upload.id, upload_pieces.total_bytes(pieces))
    return torn

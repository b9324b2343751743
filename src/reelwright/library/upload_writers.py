"""Who adds to an upload: one at a time, of all requests to all processes.

A request claims the upload in its row, writes, and says in the row what it has added. Where another one has claimed it
meanwhile, it is told so, and ends. Nobody waits for a writer that may be dead.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec
from sqlalchemy import select, update

from reelwright import fault_points
from reelwright.cancellation import finished, set_within
from reelwright.db.models import Upload
from reelwright.db.models.uploads import UNFINISHED
from reelwright.errors import Conflict, Malformed, NotFound, ReelwrightError
from reelwright.library import upload_rows, uploads
from reelwright.library.resumable_uploads import ResumableUploads
from reelwright.storage import upload_pieces
from reelwright.storage.upload_pieces import PieceWriter, UploadPiece

logger = logging.getLogger(__name__)

LOOK_S = 15.0
"""A writer that hears nothing looks so often whether it still is the one."""
MAX_PIECES = 512
MAX_DIGESTS = 256


class OffsetMismatch(ReelwrightError):
    code = "offset_mismatch"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The upload is at offset {offset}: go on there.")
        self.offset = offset


class UploadChecksumMismatch(ReelwrightError):
    code = "upload_checksum_mismatch"


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request have to be. `name`: of hashlib."""

    name: str
    digest: bytes


Body = Callable[[int], AsyncIterator[bytes]]
"""Gives the bytes that a request brings, of which there may be so many."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """The right to add to an upload, as long as the row has the same number."""

    upload_id: uuid.UUID
    writer: int
    at: int
    piece: UploadPiece
    length_bytes: int | None
    room_bytes: int
    sha256: hashlib._Hash | None
    """Of all that came before; None where that is not known."""


class UploadWriters:
    """The writers of one process."""

    def __init__(self, uploads: ResumableUploads) -> None:
        self._sessions = uploads.sessions
        self._storage = uploads.storage
        self._limits = uploads.limits
        self._digests: dict[uuid.UUID, tuple[int, int, hashlib._Hash]] = {}
        """By upload: the writer that brought it there, the offset, the hash of all up to there. Who is not here costs a
        second reading."""

    async def append(
        self,
        upload_id: uuid.UUID,
        body: Body,
        *,
        at: int,
        news: asyncio.Event,
        length_bytes: int | None = None,
        checksum: Checksum | None = None,
    ) -> Upload:
        """Add what a request brings. What came before an error stays, unless it has a checksum.

        `length_bytes`: of the whole upload, where that was not known before. `news`: set whenever the upload may have
        changed. Raises NotFound, OffsetMismatch, Conflict (another one took over), UploadChecksumMismatch, TooLarge,
        NoSpace, UploadRefused, and what `body` raises.
        """
        claim = await self._claimed(upload_id, at, length_bytes, checked=checksum is not None)
        if isinstance(claim, Upload):
            async for _ in body(0):
                pass
            return claim
        checked = None if checksum is None else hashlib.new(checksum.name, usedforsecurity=False)
        digests = [digest for digest in (claim.sha256, checked) if digest is not None]
        added_bytes, on_disk, right = 0, False, checksum is None
        try:
            writer = await finished(asyncio.to_thread(PieceWriter, self._storage, claim.piece, digests))
            try:
                async with self._watched(claim, news):
                    await uploads.pour(body(claim.room_bytes), writer.write, keeps_rest=checksum is None)
                right = checked is None or checksum is None or checked.digest() == checksum.digest
            finally:
                added_bytes = writer.added_bytes
                is_last = claim.at + added_bytes == claim.length_bytes
                await finished(asyncio.to_thread(writer.close, keep=is_last))
                on_disk = True
            fault_points.point("resumable: appended, not released")
        except BaseException:
            with suppress(Conflict, NotFound):  # what happened first is told
                await finished(self._release(claim, added_bytes, right=right and on_disk))
            raise
        upload = await finished(self._release(claim, added_bytes, right=right))
        if not right:
            raise UploadChecksumMismatch("The bytes are not those that Upload-Checksum promises; send them anew.")
        return upload

    async def _claimed(
        self, upload_id: uuid.UUID, at: int, length_bytes: int | None, *, checked: bool
    ) -> _Claim | Upload:
        """Return the right to add there; the upload itself where nothing is missing."""
        torn = None
        async with self._sessions.begin() as session:
            upload = await upload_rows.locked(session, upload_id)
            if upload.problem is not None:
                raise upload_rows.UploadRefused(upload.problem)
            pieces = await asyncio.to_thread(upload_rows.pieces_now, self._storage, upload)
            offset = upload_pieces.total_bytes(pieces) if upload.state in UNFINISHED else upload.length_bytes or 0
            if at != offset:
                raise OffsetMismatch(offset)
            if upload.state != "receiving":
                return upload
            previous = upload.writer if upload.writing is None else None
            if upload.writing is not None:
                torn = upload_rows.take_over(upload, pieces)
            self._declare(upload, length_bytes, offset)
            upload.writer += 1
            if not pieces or pieces[-1].torn:
                if len(pieces) >= MAX_PIECES:
                    raise Conflict(f"The upload was interrupted {MAX_PIECES} times: begin a new one.")
                pieces.append(UploadPiece(upload_id, upload.writer, 0))
            upload.pieces = msgspec.to_builtins(pieces)
            upload.writing = "checked" if checked else "plain"
            upload.expires_at = self._limits.expiry()
            await upload_rows.tell(session, upload_id)
            claim = _Claim(
                upload_id,
                upload.writer,
                at,
                pieces[-1],
                upload.length_bytes,
                (self._limits.max_bytes if upload.length_bytes is None else upload.length_bytes) - offset,
                self._digest(upload_id, previous, offset),
            )
        if torn is not None:
            await asyncio.to_thread(upload_pieces.keep, self._storage, torn)
        return claim

    def _declare(self, upload: Upload, length_bytes: int | None, offset: int) -> None:
        if length_bytes is None or length_bytes == upload.length_bytes:
            return
        if upload.length_bytes is not None:
            raise Conflict(f"The length of the upload is {upload.length_bytes} bytes, and does not change.")
        if length_bytes < offset:
            raise Malformed(f"The upload is longer already than the length that is said now: {offset} bytes.")
        self._limits.require_fit(length_bytes)
        upload.length_bytes = length_bytes

    def _digest(self, upload_id: uuid.UUID, previous: int | None, offset: int) -> hashlib._Hash | None:
        """Return the hash of all up to there, to be gone on with, where this process knows it."""
        if offset == 0:
            return hashlib.sha256()
        writer, at, sha256 = self._digests.pop(upload_id, (None, None, None))
        return sha256 if sha256 is not None and (writer, at) == (previous, offset) else None

    async def _release(self, claim: _Claim, added_bytes: int, *, right: bool) -> Upload:
        """Write down what was added. Raises NotFound, Conflict where another one took over meanwhile."""
        async with self._sessions.begin() as session:
            upload = await upload_rows.locked(session, claim.upload_id)
            if upload.writer != claim.writer:
                raise _superseded()
            size_bytes = claim.piece.size_bytes + (added_bytes if right else 0)
            written = msgspec.structs.replace(claim.piece, size_bytes=size_bytes, torn=bool(added_bytes) and not right)
            pieces = [*upload_pieces.read(upload.pieces)[:-1], *([written] if size_bytes else [])]
            upload.pieces = msgspec.to_builtins(pieces)
            upload.writing = None
            upload.expires_at = self._limits.expiry()
            upload_rows.advance(upload)
            await upload_rows.tell(session, claim.upload_id)
            await session.flush()
            await session.refresh(upload)
        if right and claim.sha256 is not None:
            self._digests[claim.upload_id] = claim.writer, claim.at + added_bytes, claim.sha256
            if len(self._digests) > MAX_DIGESTS:
                del self._digests[next(iter(self._digests))]
        return upload

    def sha256(self, upload: Upload) -> str | None:
        """Return the hash of a whole upload, where this process saw all its bytes. It is forgotten with that."""
        writer, at, sha256 = self._digests.pop(upload.id, (None, None, None))
        known = sha256 is not None and (writer, at) == (upload.writer, upload.length_bytes)
        return sha256.hexdigest() if sha256 is not None and known else None

    @asynccontextmanager
    async def _watched(self, claim: _Claim, news: asyncio.Event) -> AsyncIterator[None]:
        """End the block when another one has taken over. Raises Conflict then, NotFound where the upload is gone."""
        clock = asyncio.get_running_loop()
        lost: ReelwrightError | None = None
        over = False

        async def look() -> None:
            nonlocal lost
            while not over and lost is None:
                has_news = await set_within(news, LOOK_S)
                news.clear()
                try:
                    if not over:
                        await self._look(claim, renew=not has_news)
                except (Conflict, NotFound) as error:
                    lost = error
                    if not over:
                        block.reschedule(clock.time())
                except Exception as error:  # noqa: BLE001 - what is written is right all the same: the row decides
                    logger.warning("upload %s: no look at its row: %r", claim.upload_id, error)

        try:
            async with asyncio.timeout(None) as block:
                looking = asyncio.create_task(look(), name=f"writer of upload {claim.upload_id}")
                try:
                    yield
                finally:
                    over = True
                    news.set()
        except TimeoutError:
            if not block.expired() or lost is None:
                raise
            raise lost from None
        finally:
            await finished(looking)  # cancelled amid a query, it would take the connection with it

    async def _look(self, claim: _Claim, *, renew: bool) -> None:
        """Raises Conflict where another one has taken over, NotFound."""
        mine = (Upload.id == claim.upload_id, Upload.writer == claim.writer)
        async with self._sessions.begin() as session:
            if renew:
                await upload_rows.brief(session)
                statement = update(Upload).where(*mine).values(expires_at=self._limits.expiry()).returning(Upload.id)
                found = await session.execute(statement)
            else:
                found = await session.execute(select(Upload.id).where(*mine))
            if found.first() is None:
                await upload_rows.found(session, claim.upload_id)
                raise _superseded()


def _superseded() -> Conflict:
    return Conflict("Another request has taken the upload over: ask it for its offset, and go on there.")

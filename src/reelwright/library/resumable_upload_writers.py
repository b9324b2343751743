"""Who adds to an upload: one at a time, of all requests to all processes.

A request claims the upload in its row, writes, and says in the row what it has added. Where another one has claimed it
meanwhile, it is told so, and ends. Nobody waits for a writer that may be dead.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self

import msgspec
from sqlalchemy import select, update

from reelwright import fault_points
from reelwright.cancellation import finished, set_within
from reelwright.capacity.room_for_uploads import ArrivingFile, give_back, room_held
from reelwright.db.models import Upload
from reelwright.db.models.uploads import UNFINISHED
from reelwright.errors import Conflict, Malformed, NotFound, ReelwrightError
from reelwright.library import resumable_upload_rows
from reelwright.library.batched_writing import write_in_batches
from reelwright.library.resumable_uploads import ResumableUploads
from reelwright.storage import upload_pieces
from reelwright.storage.upload_pieces import PieceWriter, UploadPiece

logger = logging.getLogger(__name__)

LOOK_S = 15.0
"""A writer that hears nothing looks so often whether it still is the one."""
HEED_S = 0.25
"""So long after news it looks: what it hears first is its own claim, and most requests have ended before."""
MAX_PIECES = 512
MAX_LEFT = 256


class OffsetMismatch(ReelwrightError):
    code = "offset_mismatch"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The upload is at offset {offset}: go on there.")
        self.offset = offset


class UploadChecksumMismatch(ReelwrightError):
    code = "upload_checksum_mismatch"


@dataclasses.dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request have to be. `name`: of hashlib."""

    name: str
    digest: bytes


Body = Callable[[int], AsyncIterator[bytes]]
"""Gives the bytes that a request brings, of which there may be so many."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Claim:
    """The right to add to an upload, as long as the row has the same number."""

    upload_id: uuid.UUID
    writer: int
    at: int
    pieces: list[UploadPiece]
    """The last one is written to; nobody changes them as long as the number is the row's."""
    length_bytes: int | None
    is_part: bool
    sha256: hashlib._Hash | None
    """Of all that came before; None where that is not known, or asked by nobody."""
    arriving: ArrivingFile
    kind: str
    """`checked` where the bytes of the request are kept only if they are right, else `plain`."""

    @classmethod
    def of(cls, upload: Upload, at: int, pieces: list[UploadPiece], sha256: hashlib._Hash | None) -> Self:
        arriving = ArrivingFile(upload.length_bytes or 0, holder=upload.id, received_bytes=at)
        kind = upload.writing or _kind(checked=False)
        return cls(upload.id, upload.writer, at, pieces, upload.length_bytes, upload.is_part, sha256, arriving, kind)

    @property
    def piece(self) -> UploadPiece:
        return self.pieces[-1]

    def room_bytes(self, max_bytes: int) -> int:
        return (max_bytes if self.length_bytes is None else self.length_bytes) - self.at


class UploadWriters:
    """The writers of one process."""

    def __init__(self, uploads: ResumableUploads) -> None:
        self._sessions = uploads.sessions
        self._storage = uploads.storage
        self._limits = uploads.limits
        self._left: dict[uuid.UUID, _Claim] = {}
        """By upload: where a request of this process has left it, and the hash of all up to there. What is not here
        costs another look at the row, and a second reading of the bytes."""

    def expect(self, upload: Upload) -> None:
        """Take the first request of an upload that this process has just begun as one that goes on with it."""
        if pieces := upload_pieces.read(upload.pieces):
            self._leave(_Claim.of(upload, 0, pieces, self._digest(upload, 0, None)))

    async def append(
        self,
        upload_id: uuid.UUID,
        body: Body,
        *,
        at: int,
        news: asyncio.Event,
        length_bytes: int | None = None,
        checksum: Checksum | None = None,
    ) -> tuple[Upload, int]:
        """Add what a request brings. Return the upload, and how many bytes are there then. What came before an error
        stays, unless it has a checksum.

        `length_bytes`: of the whole upload, where that was not known before. `news`: set whenever the upload may have
        changed. Raises NotFound, OffsetMismatch, Conflict (another one took over), UploadChecksumMismatch, TooLarge,
        NoSpace, UploadRefused, and what `body` raises.
        """
        left, is_checked = self._left.get(upload_id), checksum is not None
        going_on = await self._gone_on(left, at, length_bytes, checked=is_checked)
        claim = going_on or await self._claimed(upload_id, at, length_bytes, left, checked=is_checked)
        if isinstance(claim, Upload):
            async for _ in body(0):
                pass
            return claim, at
        self._left.pop(upload_id, None)
        checked = None if checksum is None else hashlib.new(checksum.name, usedforsecurity=False)
        digests = [digest for digest in (claim.sha256, checked) if digest is not None]
        added_bytes, on_disk, right = 0, False, checksum is None
        claim.arriving.received_bytes = claim.at
        try:
            writer = await finished(asyncio.to_thread(PieceWriter, self._storage, claim.piece, digests))
            try:
                async with (
                    self._watched(claim, news),
                    room_held(self._sessions, self._storage, claim.arriving),
                ):
                    chunks = claim.arriving.counted(body(claim.room_bytes(self._limits.max_bytes)))
                    await write_in_batches(chunks, writer.write, keeps_rest=checksum is None)
                right = checked is None or checksum is None or checked.digest() == checksum.digest
            finally:
                added_bytes = writer.added_bytes
                is_last = claim.at + added_bytes == claim.length_bytes
                # of a part nothing has to be kept: what it is put together to will be
                await finished(asyncio.to_thread(writer.close, keep=is_last and not claim.is_part))
                on_disk = True
            fault_points.point("resumable: appended, not released")
        except BaseException:
            with suppress(Conflict, NotFound):  # what happened first is told
                await finished(self._release(claim, added_bytes, right=right and on_disk))
            raise
        upload = await finished(self._release(claim, added_bytes, right=right))
        if upload.state != "receiving":
            await give_back(self._sessions, claim.arriving)
        if not right:
            raise UploadChecksumMismatch("The bytes are not those that Upload-Checksum promises; send them anew.")
        return upload, claim.at + added_bytes

    async def _gone_on(self, left: _Claim | None, at: int, length_bytes: int | None, *, checked: bool) -> _Claim | None:
        """Return the right to add where this process has left an upload, if it is there still and nobody came since.
        None: the row has to be looked at. As requests of a few megabytes mostly find it, it is one statement."""
        if left is None or left.at != at or length_bytes not in (None, left.length_bytes):
            return None
        if await asyncio.to_thread(upload_pieces.size_bytes, self._storage, left.piece) != left.piece.size_bytes:
            return None
        claim = dataclasses.replace(left, writer=left.writer + 1, kind=_kind(checked))
        said = {"left": left.writer, "own": claim.writer, "kind": claim.kind, "expiry": self._limits.kept_for}
        found = await resumable_upload_rows.changed(self._sessions, resumable_upload_rows.GO_ON, left.upload_id, **said)
        return None if found is None else claim

    async def _claimed(
        self, upload_id: uuid.UUID, at: int, length_bytes: int | None, left: _Claim | None, *, checked: bool
    ) -> _Claim | Upload:
        """Return the right to add there; the upload itself where nothing is missing."""
        torn = None
        async with self._sessions.begin() as session:
            upload = await resumable_upload_rows.locked(session, upload_id)
            if upload.problem is not None:
                raise resumable_upload_rows.UploadRefused(upload.problem)
            pieces = await asyncio.to_thread(resumable_upload_rows.pieces_now, self._storage, upload)
            offset = upload_pieces.total_bytes(pieces) if upload.state in UNFINISHED else upload.length_bytes or 0
            if at != offset:
                raise OffsetMismatch(offset)
            if upload.state != "receiving":
                return upload
            sha256 = self._digest(upload, offset, left)
            if upload.writing is not None:
                torn = resumable_upload_rows.take_over(upload, pieces)
            self._declare(upload, length_bytes, offset)
            upload.writer += 1
            if not pieces or pieces[-1].torn:
                if len(pieces) >= MAX_PIECES:
                    raise Conflict(f"The upload was interrupted {MAX_PIECES} times: begin a new one.")
                pieces.append(UploadPiece(upload_id, upload.writer, 0))
            upload.pieces = msgspec.to_builtins(pieces)
            upload.writing = _kind(checked)
            upload.expires_at = self._limits.expiry()
            await resumable_upload_rows.tell(session, upload_id)
            claim = _Claim.of(upload, at, pieces, sha256)
        if torn is not None:
            await asyncio.to_thread(upload_pieces.keep, self._storage, torn)
        return claim

    def _digest(self, upload: Upload, offset: int, left: _Claim | None) -> hashlib._Hash | None:
        """Return the hash of all up to there, to be gone on with, where this process knows it."""
        if upload.is_part:  # of no use: the hash of the whole is not made of those of its parts
            return None
        if offset == 0:
            return hashlib.sha256()
        is_as_left = left is not None and (left.writer, left.at) == (upload.writer, offset) and upload.writing is None
        return left.sha256 if left is not None and is_as_left else None

    def _declare(self, upload: Upload, length_bytes: int | None, offset: int) -> None:
        if length_bytes is None or length_bytes == upload.length_bytes:
            return
        if upload.length_bytes is not None:
            raise Conflict(f"The length of the upload is {upload.length_bytes} bytes, and does not change.")
        if length_bytes < offset:
            raise Malformed(f"The upload is longer already than the length that is said now: {offset} bytes.")
        self._limits.require_fit(length_bytes)
        upload.length_bytes = length_bytes

    async def _release(self, claim: _Claim, added_bytes: int, *, right: bool) -> Upload:
        """Write down what was added. Raises NotFound, Conflict where another one took over meanwhile."""
        size_bytes = claim.piece.size_bytes + (added_bytes if right else 0)
        written = msgspec.structs.replace(claim.piece, size_bytes=size_bytes, torn=bool(added_bytes) and not right)
        pieces = [*claim.pieces[:-1], *([written] if size_bytes else [])]
        at = upload_pieces.total_bytes(pieces)
        release = (
            resumable_upload_rows.RELEASE_SOON if claim.kind == "plain" and right else resumable_upload_rows.RELEASE
        )
        if at == claim.length_bytes:
            release = resumable_upload_rows.RELEASE_WHOLE
        said = {"own": claim.writer, "now": msgspec.to_builtins(pieces), "expiry": self._limits.kept_for}
        upload: Upload | None = await resumable_upload_rows.changed(self._sessions, release, claim.upload_id, **said)
        if upload is None:
            async with self._sessions() as session:
                await resumable_upload_rows.found(session, claim.upload_id)
            raise _superseded()
        if right and size_bytes:
            self._leave(dataclasses.replace(claim, at=at, pieces=pieces))
        return upload

    def _leave(self, claim: _Claim) -> None:
        self._left[claim.upload_id] = claim
        if len(self._left) > MAX_LEFT:
            del self._left[next(iter(self._left))]

    def sha256(self, upload: Upload) -> str | None:
        """Return the hash of a whole upload, where this process saw all its bytes. It is forgotten with that."""
        left = self._left.pop(upload.id, None)
        if left is None or left.sha256 is None or (left.writer, left.at) != (upload.writer, upload.length_bytes):
            return None
        return left.sha256.hexdigest()

    @asynccontextmanager
    async def _watched(self, claim: _Claim, news: asyncio.Event) -> AsyncIterator[None]:
        """End the block when another one has taken over. Raises Conflict then, NotFound where the upload is gone."""
        clock = asyncio.get_running_loop()
        lost: ReelwrightError | None = None
        ended = asyncio.Event()

        async def look() -> None:
            nonlocal lost
            while not ended.is_set() and lost is None:
                has_news = await set_within(news, LOOK_S)
                if has_news and await set_within(ended, HEED_S):
                    break
                news.clear()
                try:
                    if not ended.is_set():
                        await self._look(claim, renew=not has_news)
                except (Conflict, NotFound) as error:
                    lost = error
                    if not ended.is_set():
                        block.reschedule(clock.time())
                except Exception as error:  # noqa: BLE001 - what is written is right all the same: the row decides
                    logger.warning("upload %s: no look at its row: %r", claim.upload_id, error)

        try:
            async with asyncio.timeout(None) as block:
                looking = asyncio.create_task(look(), name=f"writer of upload {claim.upload_id}")
                try:
                    yield
                finally:
                    ended.set()
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
                statement = update(Upload).where(*mine).values(expires_at=self._limits.expiry()).returning(Upload.id)
                found = await session.execute(statement)
            else:
                found = await session.execute(select(Upload.id).where(*mine))
            if found.first() is None:
                await resumable_upload_rows.found(session, claim.upload_id)
                raise _superseded()


def _kind(checked: bool) -> str:
    return "checked" if checked else "plain"


def _superseded() -> Conflict:
    return Conflict("Another request has taken the upload over: ask it for its offset, and go on there.")

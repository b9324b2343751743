"""What becomes of an upload once all its bytes are there: it is examined as any other, and a video, or refused.

Whoever has received the last byte does it at once. Where that process died, another takes it up: who examines an upload
holds a lease on it, and the transaction that stores the video ends with the row of that lease's number.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.access.caller import Holder
from reelwright.access.on_behalf import holder_by_id, on_behalf_of
from reelwright.cancellation import finished
from reelwright.db.models import Upload, new_id
from reelwright.db.outages import is_away
from reelwright.db.ownership import confined
from reelwright.errors import Conflict, NotFound, QuotaExceeded, ReelwrightError, UnreadableMedia, UnsupportedMedia
from reelwright.library import resumable_upload_rows
from reelwright.library.resumable_upload_rows import LEASE
from reelwright.library.resumable_upload_writers import UploadWriters
from reelwright.library.resumable_uploads import ResumableUploads
from reelwright.library.uploads import Received, insert, recording, video_of
from reelwright.media.probe.prober import Prober
from reelwright.storage import upload_pieces
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

RENEWAL_S = 3.0
PAUSE = datetime.timedelta(seconds=5)
"""So long after a disk, a database or a prober failed it is tried again."""
LOOK_S = 2.0
AT_ONCE = 2
"""Uploads of other processes that one process takes up."""
FINAL = (UnsupportedMedia, UnreadableMedia, NotFound, QuotaExceeded)
"""What another look at the same bytes would find again."""


@dataclass(frozen=True, slots=True)
class _Examination:
    upload: Upload
    writer: int


class Completions:
    """The uploads that this process examines."""

    def __init__(self, uploads: ResumableUploads, writers: UploadWriters, prober: Prober) -> None:
        self._uploads = uploads
        self._writers = writers
        self._prober = prober
        self._tasks: dict[uuid.UUID, asyncio.Task[None]] = {}

    async def completed(self, upload: Upload) -> None:
        """Examine a whole upload, unless another process does. Goes on when the caller is cancelled.

        Raises what says that it cannot be done now: Busy, NoSpace, an error of database or disk. What the file is
        refused for is in its row.
        """
        await asyncio.shield(self._begun(upload.id, upload.project_id, upload.writer, self._writers.sha256(upload)))

    def _begun(
        self, upload_id: uuid.UUID, project_id: uuid.UUID, writer: int | None = None, sha256: str | None = None
    ) -> asyncio.Task[None]:
        """`writer`: the number with which this process made it whole: until somebody comes after, it is its own."""
        task = self._tasks.get(upload_id)
        if task is None:
            completing = self._complete(upload_id, project_id, writer, sha256)
            task = asyncio.create_task(completing, name=f"examination of upload {upload_id}")
            self._tasks[upload_id] = task
            task.add_done_callback(lambda done: self._ended(upload_id, done))
        return task

    def _ended(self, upload_id: uuid.UUID, task: asyncio.Task[None]) -> None:
        del self._tasks[upload_id]
        if task.cancelled() or (error := task.exception()) is None:
            return
        foreseen = isinstance(error, ReelwrightError | OSError) or is_away(error)
        logger.warning(
            "upload %s could not be examined, and is tried again: %r", upload_id, error, exc_info=not foreseen and error
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Take up meanwhile what other processes have left."""
        looking = asyncio.create_task(self._take_up(), name="whole uploads")
        try:
            yield
        finally:
            tasks = [looking, *self._tasks.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take_up(self) -> None:
        while True:
            try:
                async with self._uploads.sessions() as session:
                    left = await session.execute(
                        select(Upload.id, Upload.project_id)
                        .where(Upload.state == "whole", ~Upload.is_part, _free(), Upload.expires_at > func.now())
                        .order_by(Upload.created_at)
                        .limit(AT_ONCE)
                    )
                begun = [self._begun(upload_id, project_id) for upload_id, project_id in left.all()]
                if begun:
                    await asyncio.wait(begun)
            except Exception as error:  # one bad look must not end the looks: uploads would stay where they are
                if is_away(error):
                    logger.debug("no look for whole uploads: %r", error)
                else:
                    logger.exception("no look for whole uploads")
            await asyncio.sleep(LOOK_S)

    async def _complete(
        self, upload_id: uuid.UUID, project_id: uuid.UUID, writer: int | None, sha256: str | None
    ) -> None:
        with confined(project_id):
            if (claim := await self._claimed(upload_id, writer)) is None:
                return
            renewing = asyncio.create_task(self._renew(claim), name=f"lease of upload {upload_id}")
            try:
                with on_behalf_of(await self._limited(claim)):
                    await self._store(claim, sha256)
            except FINAL as error:
                await self._refuse(claim, error)
            except Conflict as ended:
                logger.info("upload %s: %s", upload_id, ended.detail)
            except Exception:
                with suppress(Conflict):
                    await self._update(claim, lease_until=func.now() + PAUSE)
                raise
            finally:
                renewing.cancel()

    async def _claimed(self, upload_id: uuid.UUID, writer: int | None) -> _Examination | None:
        async with self._uploads.sessions.begin() as session:
            asked = select(Upload).where(Upload.id == upload_id, Upload.state == "whole", ~Upload.is_part)
            free = _free() if writer is None else or_(_free(), Upload.writer == writer)
            upload = await session.scalar(asked.where(free).with_for_update())
            if upload is None:
                return None
            upload.writer += 1
            upload.lease_until = func.now() + LEASE
            writer = upload.writer
            await session.flush()
            await session.refresh(upload)
        return _Examination(upload, writer)

    async def _renew(self, claim: _Examination) -> None:
        """Until cancelled. A lease that could not be renewed in time may be another's: storing the video shows it."""
        while True:
            await asyncio.sleep(RENEWAL_S)
            try:
                await self._update(claim, lease_until=func.now() + LEASE)
            except Exception as error:
                if isinstance(error, Conflict):
                    return
                if not is_away(error):
                    raise
                logger.warning("upload %s: its lease could not be renewed: %r", claim.upload.id, error)

    async def _store(self, claim: _Examination, sha256: str | None) -> None:
        upload, storage = claim.upload, self._uploads.storage
        pieces = upload_pieces.read(upload.pieces)
        whole = await finished(asyncio.to_thread(upload_pieces.whole, storage, upload.id, pieces, claim.writer, sha256))
        media = await self._prober.probe(whole.path)
        texts = await self._prober.embedded_subtitles(whole.path, media)
        video_id = new_id()
        key = f"uploads/{video_id}/source{media.file_format.extension}"
        await finished(asyncio.to_thread(storage.publish, whole.path, key))
        fault_points.point("upload stored, not inserted")
        received = Received(video_id, upload.filename, key, media.file_format, whole.size_bytes, whole.sha256, media)
        async with recording(received, storage, self._uploads.sessions) as (session, recorded):
            await insert(session, video_of(recorded, texts, upload.labels, upload.keep_s), recorded)
            await _end(session, claim, state="stored", video_id=video_id)
        metrics.UPLOADS.labels("stored").inc()
        await self._forget_bytes(upload)

    async def _limited(self, claim: _Examination) -> Holder | None:
        """Return whose limits hold, whichever process it is that examines."""
        limits = self._uploads.limits
        async with self._uploads.sessions() as session:
            return await holder_by_id(
                session, claim.upload.key_id, of_keys=limits.of_keys, of_projects=limits.of_projects
            )

    async def _refuse(self, claim: _Examination, error: ReelwrightError) -> None:
        problem = {"status": error.status, "code": error.code, "detail": error.detail, "extra": error.extra}
        async with self._uploads.sessions.begin() as session:
            await _end(session, claim, state="refused", problem=problem)
        metrics.UPLOADS.labels(error.code).inc()
        await self._forget_bytes(claim.upload)

    async def _forget_bytes(self, upload: Upload) -> None:
        """Were we killed before, the sweep would."""
        await asyncio.to_thread(upload_pieces.remove, self._uploads.storage, [upload.id, *upload.parts])

    async def _update(self, claim: _Examination, **values: Any) -> None:
        async with self._uploads.sessions.begin() as session:
            await _fenced(session, claim, values)


def _free() -> ColumnElement[bool]:
    return or_(Upload.lease_until.is_(None), Upload.lease_until < func.now())


async def _fenced(session: AsyncSession, claim: _Examination, values: dict[str, Any]) -> None:
    """Write to the row as long as it is the claim's. Raises Conflict."""
    mine = update(Upload).where(Upload.id == claim.upload.id, Upload.writer == claim.writer, Upload.state == "whole")
    if (await session.execute(mine.values(**values).returning(Upload.id))).first() is None:
        raise Conflict("The upload was ended meanwhile, or another process examines it.")


async def _end(session: AsyncSession, claim: _Examination, **values: Any) -> None:
    upload = claim.upload
    await _fenced(session, claim, {**values, "lease_until": None, "pieces": []})
    if upload.parts:
        await session.execute(delete(Upload).where(Upload.id.in_(upload.parts)))
    await resumable_upload_rows.tell(session, upload.id)

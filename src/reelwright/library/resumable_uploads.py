"""Uploads that come in several requests, to any of several processes: begun, put together, looked up, given up.

Nothing here knows by which protocol the bytes come. Who adds them: resumable_upload_writers.py; how they become a
video: upload_completion.py.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.access.caller import key_of_new
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.access.limits import NONE, AccessLimits
from reelwright.capacity import reservations
from reelwright.db.models import Upload, new_id
from reelwright.db.models.uploads import UNFINISHED
from reelwright.db.ownership import project_of_new
from reelwright.errors import Conflict, NotFound, ReelwrightError, TooLarge, UnreadableMedia
from reelwright.library import resumable_upload_rows, retention
from reelwright.library.uploads import SaidOfVideo
from reelwright.storage import upload_pieces
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

_CREATION_LOCK = 0x7570_6C64


Along: TypeAlias = Callable[[AsyncSession, uuid.UUID], Awaitable[None]]


async def _nothing(_: AsyncSession, __: uuid.UUID) -> None:
    pass


class TooManyUploads(ReelwrightError):
    code = "too_many_uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    max_bytes: int
    max_unfinished: int
    """Of one project."""
    expiry_s: float
    """So long after the last byte an upload is kept."""
    keep_rules: KeepRules = AS_SHIPPED
    """Of the settings: for how long the video is kept."""
    of_keys: AccessLimits = NONE
    of_projects: AccessLimits = NONE
    """Of the settings: how much there may be of keys and projects that have no limits of their own."""

    def require_fit(self, size_bytes: int) -> None:
        """Raises TooLarge."""
        if size_bytes > self.max_bytes:
            raise TooLarge(f"The file is larger than {self.max_bytes} bytes.")

    @property
    def kept_for(self) -> datetime.timedelta:
        return datetime.timedelta(seconds=self.expiry_s)

    def expiry(self) -> ColumnElement[datetime.datetime]:
        """Return when an upload expires that something is added to now, by the database's clock."""
        return func.now() + self.kept_for


class ResumableUploads:
    """The uploads of all processes that share a database and a storage."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], storage: LocalStorage, limits: UploadLimits) -> None:
        self.sessions = sessions
        self.storage = storage
        self.limits = limits

    async def create(
        self,
        *,
        length_bytes: int | None,
        filename: str,
        said: SaidOfVideo,
        client_metadata: str = "",
        is_part: bool = False,
        along: Along = _nothing,
    ) -> Upload:
        """Begin an upload. `along`: what else belongs to its transaction. Raises TooLarge, NoSpace, TooManyUploads,
        UnreadableMedia (empty)."""
        if length_bytes is not None:
            self.limits.require_fit(length_bytes)
        if length_bytes == 0 and not is_part:
            raise UnreadableMedia("the file is empty")
        await asyncio.to_thread(self.storage.require_space, length_bytes or 0)
        upload_id, is_empty = new_id(), length_bytes == 0
        return await self._inserted(
            Upload(
                id=upload_id,
                filename=filename,
                length_bytes=length_bytes,
                client_metadata=client_metadata,
                is_part=is_part,
                labels=said.labels.stored,
                keep_s=said.keep_s,
                pieces=[] if is_empty else msgspec.to_builtins([upload_pieces.first(upload_id)]),
                state="whole" if is_empty else "receiving",
            ),
            along,
        )

    async def join(
        self, part_ids: Sequence[uuid.UUID], *, filename: str, said: SaidOfVideo, client_metadata: str = ""
    ) -> Upload:
        """Make one upload of whole parts, in this order. They go once it is a video, or is refused.

        Raises NotFound, Conflict (a part that is none, or not whole), TooLarge, NoSpace, TooManyUploads.
        """
        async with self.sessions() as session:
            rows = await session.scalars(
                select(Upload).where(Upload.id.in_(part_ids), resumable_upload_rows.unexpired())
            )
            known = {row.id: row for row in rows}
        if missing := [str(part_id) for part_id in part_ids if part_id not in known]:
            raise NotFound(f"no such upload: {', '.join(missing)}")
        parts = [known[part_id] for part_id in part_ids]
        if unfit := [str(part.id) for part in parts if not part.is_part or part.state != "whole"]:
            raise Conflict(f"not a whole part of an upload: {', '.join(unfit)}")
        pieces = [piece for part in parts for piece in upload_pieces.read(part.pieces)]
        length_bytes = upload_pieces.total_bytes(pieces)
        self.limits.require_fit(length_bytes)
        if not length_bytes:
            raise UnreadableMedia("the file is empty")
        await asyncio.to_thread(self.storage.require_space, length_bytes)
        return await self._inserted(
            Upload(
                filename=filename,
                length_bytes=length_bytes,
                client_metadata=client_metadata,
                is_part=False,
                labels=said.labels.stored,
                keep_s=said.keep_s,
                parts=list(part_ids),
                pieces=msgspec.to_builtins(pieces),
                state="whole",
            )
        )

    async def _inserted(self, upload: Upload, along: Along = _nothing) -> Upload:
        async with self.sessions.begin() as session:
            await session.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK)))  # else two might be one too many
            unfinished = select(func.count()).where(
                Upload.project_id == project_of_new(), Upload.state.in_(UNFINISHED), resumable_upload_rows.unexpired()
            )
            if (await session.execute(unfinished)).scalar_one() >= self.limits.max_unfinished:
                raise TooManyUploads(
                    f"There are {self.limits.max_unfinished} unfinished uploads already: finish some, or end them by"
                    " DELETE. Those that nobody goes on with expire.",
                    retry_after_s=60,
                )
            upload.expires_at = self.limits.expiry()
            upload.key_id = key_of_new()
            upload.keep_s = await retention.keep_s(session, "videos_s", upload.keep_s, self.limits.keep_rules)
            if upload.parts:
                upload.lease_until = func.now() + resumable_upload_rows.LEASE
            session.add(upload)
            await session.flush()
            if upload.parts:
                await session.execute(
                    update(Upload).where(Upload.id.in_(upload.parts)).values(expires_at=self.limits.expiry())
                )
            await session.refresh(upload)
            await along(session, upload.id)
        return upload

    async def find(self, upload_id: uuid.UUID) -> Upload:
        """Return the upload. Raises NotFound."""
        async with self.sessions() as session:
            return await resumable_upload_rows.found(session, upload_id)

    async def offset(self, upload: Upload) -> int:
        """Return how many bytes are there now; somebody may be adding to them."""
        return await asyncio.to_thread(resumable_upload_rows.offset, self.storage, upload)

    async def settle(self, upload_id: uuid.UUID) -> tuple[Upload, int]:
        """End whoever is writing, and return the upload with the offset at which it can be gone on with.

        Raises NotFound.
        """
        torn = None
        async with self.sessions.begin() as session:
            upload = await resumable_upload_rows.locked(session, upload_id)
            if upload.writing is not None:
                pieces = await asyncio.to_thread(resumable_upload_rows.pieces_now, self.storage, upload)
                torn = resumable_upload_rows.take_over(upload, pieces)
                resumable_upload_rows.advance(upload)
                await resumable_upload_rows.tell(session, upload_id)
                await session.flush()
                await session.refresh(upload)
        if torn is not None:
            await asyncio.to_thread(upload_pieces.keep, self.storage, torn)
        return upload, await self.offset(upload)

    async def abort(self, upload_id: uuid.UUID) -> None:
        """Give an upload up, or forget one that has ended; a video that it became stays. Raises NotFound."""
        async with self.sessions.begin() as session:
            upload = await resumable_upload_rows.locked(session, upload_id)
            ended = [upload_id, *upload.parts]
            await session.execute(delete(Upload).where(Upload.id.in_(ended)))
            await resumable_upload_rows.tell(session, upload_id)
            await reservations.release(session, upload_id)
        await asyncio.to_thread(upload_pieces.remove, self.storage, ended)

"""What an import has fetched, as a file under its key and as rows: one video, as if it had been uploaded, within the
limits of whoever asked for it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.caller import Holder
from reelwright.access.on_behalf import on_behalf_of
from reelwright.access.stored_bytes import require_room
from reelwright.db.models import Video, new_id
from reelwright.db.ownership import confined
from reelwright.edits.cues.embedded import EmbeddedSubtitles
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import JobFailed, QuotaExceeded
from reelwright.jobs import imports, lifecycle
from reelwright.library import same_bytes, uploads
from reelwright.library.partial_file import PartialFile
from reelwright.library.uploads import Received
from reelwright.telemetry import metrics
from reelwright_worker.fenced_publication import FencedPublication


@dataclass(frozen=True, slots=True)
class ImportPublication(FencedPublication):
    """Of an import: one video, as if it had been uploaded."""

    partial: PartialFile
    media: MediaInfo
    texts: EmbeddedSubtitles
    name: str
    shown: str
    holder: Holder | None
    """Who has asked for it: his limits hold when it is stored."""
    video_id: uuid.UUID = field(default_factory=new_id)

    @property
    def _key(self) -> str:
        return f"uploads/{self.video_id}/source{self.media.file_format.extension}"

    def _files(self) -> list[tuple[Path, str]]:
        return [(self.partial.path, self._key)]

    async def _write(self, session: AsyncSession) -> None:
        with confined(self.job.project_id), on_behalf_of(self.holder):
            size_bytes = self.partial.size_bytes
            told = imports.transfer(self.shown, size_bytes, size_bytes, None)
            await lifecycle.succeed_import(session, self.claim, video_id=self.video_id, recipe_json=told)
            sha256 = self.partial.sha256
            shared = await same_bytes.shared(session, self.storage, key=self._key, size_bytes=size_bytes, sha256=sha256)
            if shared is not None:
                metrics.UPLOADS_STORED_ALREADY.inc()
            else:
                await self._require_room(session, size_bytes)
            received = Received(
                self.video_id, self.name, self._key, self.media.file_format, size_bytes, sha256, self.media, shared
            )
            kept_s = await imports.kept_s(session, self.job.id)
            await uploads.insert(session, uploads.video_of(received, self.texts, self.job.labels, kept_s), received)

    @staticmethod
    async def _require_room(session: AsyncSession, size_bytes: int) -> None:
        """Raises JobFailed: since it was asked for, the project has stored as much as it may."""
        try:
            await require_room(session, size_bytes)
        except QuotaExceeded as error:
            raise JobFailed(error.detail, code=error.code, stage="publish") from error

    async def _is_written(self, session: AsyncSession) -> bool:
        return await session.get(Video, self.video_id) is not None

"""Makes a finished output appear: the file first, then its rows in one fenced transaction, so that no row ever lacks
its file."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import faults
from reelwright.db.database import is_away
from reelwright.db.models import File, Job, Variant, new_id
from reelwright.edits.model import Edit, Overlay
from reelwright.edits.plan import Plan
from reelwright.edits.source import MediaInfo
from reelwright.edits.vocabulary import FileRole, JobType, VariantKind
from reelwright.errors import JobFailed, LeaseLost, NoSpace
from reelwright.jobs import lifecycle
from reelwright.jobs.lifecycle import Claim
from reelwright.jobs.overlays import overlay_rows
from reelwright.storage.local import LocalStorage
from reelwright.uninterrupted import finished

logger = logging.getLogger(__name__)

COMMIT_RETRY_S = 1.0
KINDS = {
    JobType.TRIM: VariantKind.TRIM,
    JobType.OVERLAY: VariantKind.OVERLAY,
    JobType.WATERMARK: VariantKind.WATERMARK,
    JobType.TRANSCODE_MULTI: VariantKind.TRANSCODE,
    JobType.EDIT: VariantKind.EDIT,
}


@dataclass(frozen=True, slots=True)
class Made:
    """One finished, verified output in the work folder."""

    path: Path
    media: MediaInfo
    size_bytes: int
    sha256: str
    checks: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Publication:
    """One attempt's result on its way out. Variant id, and so key, are its own: nobody else's file is touched."""

    sessions: async_sessionmaker[AsyncSession]
    storage: LocalStorage
    claim: Claim
    job: Job
    plan: Plan
    made: Made
    variant_id: uuid.UUID = field(default_factory=new_id)

    @property
    def kind(self) -> VariantKind:
        return KINDS[self.job.type]

    @property
    def key(self) -> str:
        return f"processed/{self.variant_id}/{self.kind.value}.mp4"

    async def publish(self) -> None:
        """Raises LeaseLost, JobFailed. Half of it never stays: a cancellation waits for the step that is under way."""
        try:
            await finished(asyncio.to_thread(self.storage.publish, self.made.path, self.key))
        except NoSpace as error:
            raise JobFailed(error.detail, code="no_space", stage="publish", retryable=True) from error
        except asyncio.CancelledError:
            await self._withdraw()
            raise
        faults.point("renamed, not committed")
        while True:
            if await finished(self._commit_or_withdraw()):
                return
            await asyncio.sleep(COMMIT_RETRY_S)
        # after any other error a commit may have come through: the sweep looks for the row before it removes the file

    async def _withdraw(self) -> None:
        await finished(asyncio.to_thread(self.storage.delete, self.key))

    async def _commit_or_withdraw(self) -> bool:
        """As `_commit`; a file that lost its right to a row goes at once, also when the caller is cancelled."""
        try:
            return await self._commit()
        except LeaseLost:
            await self._withdraw()
            raise

    async def _commit(self) -> bool:
        """One fenced transaction. False when its outcome is unknown: done again, it finds out. Raises LeaseLost."""
        try:
            async with self.sessions.begin() as session:
                try:
                    await lifecycle.succeed(session, self.claim, output_variant_id=self.variant_id)
                except LeaseLost:
                    if await session.get(Variant, self.variant_id) is None:
                        raise
                    return True  # by a commit whose answer was lost
                await self._insert_rows(session)
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s: commit not confirmed: %r", self.claim.job_id, error)
            return False
        return True

    async def _insert_rows(self, session: AsyncSession) -> None:
        media = self.made.media
        edit = msgspec.convert(self.job.edit_json, Edit)
        if self.job.input_variant_id is not None:
            parent = await session.get(Variant, self.job.input_variant_id)
            if parent is not None:
                edit = edit.after(msgspec.convert(parent.edit_json, Edit))
        variant = Variant(
            id=self.variant_id,
            video_id=self.job.video_id,
            job_id=self.claim.job_id,
            output_index=0,
            kind=self.kind,
            quality=self.plan.outputs[0].output.quality,
            source_variant_id=self.job.input_variant_id,
            stored_path=self.key,
            size_bytes=self.made.size_bytes,
            duration_sec=Decimal(repr(media.duration_s)).quantize(Decimal("0.001")),
            width=media.picture.display_width,
            height=media.picture.display_height,
            config_json=self.job.edit_json,
            edit_json=msgspec.to_builtins(edit),
            media_info=msgspec.to_builtins(media),
            checks=self.made.checks,
        )
        session.add(variant)
        await session.flush()
        for step in msgspec.convert(self.job.edit_json, Edit).steps:
            if isinstance(step, Overlay):
                session.add_all(overlay_rows(step.layers, variant))
        session.add(
            File(
                variant_id=self.variant_id,
                role=FileRole.MAIN,
                name=Path(self.key).name,
                key=self.key,
                size_bytes=self.made.size_bytes,
                sha256=self.made.sha256,
                content_type="video/mp4",
            )
        )

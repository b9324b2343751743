"""Makes finished outputs appear: the files first, then their rows in one fenced transaction, so that no row ever lacks
its file."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.db.database import is_away
from reelwright.db.models import File, Job, Variant, new_id
from reelwright.edits.enums import KIND_OF_JOB, FileRole, Quality, VariantKind
from reelwright.edits.geometry import Size
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.output_check import check
from reelwright.edits.outputs import FileOutput
from reelwright.edits.sidecars import PlannedFile
from reelwright.errors import JobFailed, LeaseLost, NoSpace
from reelwright.jobs import lifecycle, results, reuse
from reelwright.jobs.lifecycle import Claim
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

COMMIT_RETRY_S = 1.0
MAX_REFUSALS = 10
"""So often in a row a database that can be asked may fail to commit a result: it is not away then."""
MILLISECOND = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class FinishedOutput:
    """One finished, verified output in the work folder. Variant id, and so key, are its own: nobody else's file is
    touched. `output`: None of an image, where images alone are made; `shown_size`: 0x0 of sound alone."""

    path: Path
    output: FileOutput | None
    media: MediaInfo
    shown_size: Size
    mime_type: str
    size_bytes: int
    sha256: str
    checks: dict[str, Any]
    variant_id: uuid.UUID = field(default_factory=new_id)

    @property
    def rank(self) -> tuple[int, int]:
        """Return what the best of several has most of: the largest picture, then the largest file."""
        return self.shown_size[0] * self.shown_size[1], self.size_bytes

    @property
    def quality(self) -> Quality:
        return Quality.SOURCE if self.output is None else self.output.quality


@dataclass(frozen=True, slots=True)
class FinishedSidecar:
    """One finished file that goes with the best output."""

    path: Path
    planned: PlannedFile
    size_bytes: int
    sha256: str

    def as_output(self) -> FinishedOutput:
        """The same as a result of its own, where there is no other."""
        image, found = self.planned.image, [check("decodes", True, "all of it, without an error")]
        assert image is not None
        found.append(check("picture", True, f"{image.width}x{image.height}", f"{image.width}x{image.height}"))
        if image.pages is not None:
            found.append(check("frame_count", True, f"{image.pages} frames", str(image.pages)))
        lasts_s = None if image.duration_ms is None else image.duration_ms / 1000
        kind = self.planned.content_type.removeprefix("image/")
        return FinishedOutput(
            path=self.path,
            output=None,
            media=MediaInfo(container=kind, size_bytes=self.size_bytes, duration_s=lasts_s),
            shown_size=(image.width, image.height),
            mime_type=self.planned.content_type,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            checks={"checks": msgspec.to_builtins(found)},
        )


@dataclass(frozen=True, slots=True)
class OutputPublication:
    """One attempt's results on their way out: all of them, or none. `job`: as it was claimed; in the end they may
    belong to one that took over."""

    sessions: async_sessionmaker[AsyncSession]
    storage: LocalStorage
    claim: Claim
    job: Job
    outputs: tuple[FinishedOutput, ...]
    sidecars: tuple[FinishedSidecar, ...] = ()
    warnings: tuple[str, ...] = ()
    """What was noticed while they were made."""
    toolchain: str | None = None
    """By which they were made."""

    @property
    def variant_kind(self) -> VariantKind:
        return KIND_OF_JOB[self.job.type]

    @property
    def best(self) -> FinishedOutput:
        return max(self.outputs, key=lambda output: output.rank)

    def key(self, output: FinishedOutput) -> str:
        if output.output is None:
            return f"processed/{output.variant_id}/{output.path.name}"
        container = output.output.container
        if self.variant_kind is VariantKind.TRANSCODE:
            return f"variants/{self.job.video_id}/{output.variant_id}/{output.quality.value}.{container}"
        return f"processed/{output.variant_id}/{self.variant_kind.value}.{container}"

    def sidecar_key(self, sidecar: FinishedSidecar) -> str:
        return f"{PurePosixPath(self.key(self.best)).parent}/{sidecar.planned.name}"

    def _files(self) -> list[tuple[Path, str]]:
        """Return all that is published, and under which key."""
        return [
            *((output.path, self.key(output)) for output in self.outputs),
            *((sidecar.path, self.sidecar_key(sidecar)) for sidecar in self.sidecars),
        ]

    async def publish(self) -> None:
        """Put the files in their places and commit their rows. Raises LeaseLost, JobFailed. Half of it never stays:
        a cancellation waits for the step that is under way."""
        await self._announce()
        try:
            for path, key in self._files():
                await finished(asyncio.to_thread(self.storage.publish, path, key))
        except NoSpace as error:
            await self._withdraw()
            raise JobFailed(error.detail, code="no_space", stage="publish", of_machine=True) from error
        except BaseException:
            await self._withdraw()
            raise
        fault_points.point("renamed, not committed")
        refusals = 0
        while not await finished(self._commit_or_withdraw()):
            refusals = refusals + 1 if await self._answers() else 0
            if refusals == MAX_REFUSALS:
                raise JobFailed(
                    "the database answers, and does not take the result: the log says why",
                    code="database",
                    stage="publish",
                    of_machine=True,
                )
            await asyncio.sleep(COMMIT_RETRY_S)
        # after any other error a commit may have come through: the sweep looks for the row before it removes the file

    async def _announce(self) -> None:
        """Tell the database which folders are filled. Until it knows, nothing is published: its sweep asks there
        whose the files are."""
        folders = sorted({str(PurePosixPath(key).parent) for _, key in self._files()})
        while True:
            try:
                async with self.sessions.begin() as session:
                    await lifecycle.announce_publication(session, self.claim, folders)
            except Exception as error:
                if not is_away(error):
                    raise
                logger.warning("job %s: publication not announced yet: %r", self.claim.job_id, error)
                await asyncio.sleep(COMMIT_RETRY_S)
            else:
                return

    async def _answers(self) -> bool:
        """Return whether the database can be asked at all, with the same connections."""
        try:
            async with self.sessions() as session:
                await session.execute(select(1))
        except Exception as error:
            if not is_away(error):
                raise
            return False
        return True

    async def _withdraw(self) -> None:
        for _, key in self._files():
            await finished(asyncio.to_thread(self.storage.delete, key))

    async def _commit_or_withdraw(self) -> bool:
        """Do as `_commit`; files that lost their right to rows go at once, also when the caller is cancelled."""
        try:
            return await self._commit()
        except LeaseLost:
            await self._withdraw()
            raise

    async def _commit(self) -> bool:
        """Write all rows in one fenced transaction, those of jobs that share the encode too. Return False when its
        outcome is unknown: done again, it finds out. Raises LeaseLost."""
        try:
            async with self.sessions.begin() as session:
                try:
                    job = await lifecycle.succeed(
                        session,
                        self.claim,
                        output_variant_id=self.best.variant_id,
                        variant_ids=[output.variant_id for output in self.outputs],
                        warnings=self.warnings,
                        toolchain=self.toolchain,
                    )
                except LeaseLost:
                    if await session.get(Variant, self.best.variant_id) is None:
                        raise
                    return True  # by a commit whose answer was lost
                variants = [self._variant(output) for output in self.outputs]
                await results.add(session, job, variants, [output.output for output in self.outputs])
                session.add_all(self._file(output) for output in self.outputs)
                session.add_all(self._sidecar_file(sidecar) for sidecar in self.sidecars)
                await reuse.finish_followers(session, job)
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s: commit not confirmed: %r", self.claim.job_id, error)
            return False
        return True

    def _variant(self, output: FinishedOutput) -> Variant:
        media = output.media
        return Variant(
            id=output.variant_id,
            quality=output.quality,
            stored_path=self.key(output),
            size_bytes=output.size_bytes,
            duration_sec=None if media.duration_s is None else Decimal(repr(media.duration_s)).quantize(MILLISECOND),
            width=output.shown_size[0],
            height=output.shown_size[1],
            media_info=msgspec.to_builtins(media),
            checks=output.checks,
            labels=self.job.labels,
        )

    def _file(self, output: FinishedOutput) -> File:
        key = self.key(output)
        return File(
            project_id=self.job.project_id,
            variant_id=output.variant_id,
            role=FileRole.MAIN,
            name=Path(key).name,
            key=key,
            size_bytes=output.size_bytes,
            sha256=output.sha256,
            content_type=output.mime_type,
        )

    def _sidecar_file(self, sidecar: FinishedSidecar) -> File:
        return File(
            project_id=self.job.project_id,
            variant_id=self.best.variant_id,
            role=sidecar.planned.role,
            name=sidecar.planned.name,
            key=self.sidecar_key(sidecar),
            size_bytes=sidecar.size_bytes,
            sha256=sidecar.sha256,
            content_type=sidecar.planned.content_type,
        )

"""One job from its claim to its end: compile, run, verify, publish, commit. Every write is fenced by the attempt."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import shutil
import socket
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import faults
from reelwright.db.database import is_away
from reelwright.db.models import File, Job, JobInput, Variant, new_id
from reelwright.edits.model import Edit
from reelwright.edits.plan import Plan
from reelwright.edits.source import MediaInfo
from reelwright.edits.vocabulary import FileRole, JobStatus, JobType, VariantKind
from reelwright.errors import JobFailed, LeaseLost, NoSpace, ReelwrightError, VerifyFailed
from reelwright.jobs import lifecycle
from reelwright.jobs.lifecycle import Claim
from reelwright.media import programs, verify
from reelwright.media.probe import Prober
from reelwright.media.recipe import Capabilities, compile_plan
from reelwright.media.run import Budget, run
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.5
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
class Workshop:
    """What every job of this worker works with."""

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    storage: LocalStorage
    prober: Prober
    capabilities: Capabilities

    async def work_on(self, job_id: uuid.UUID) -> None:
        """Claim the job and bring it to an end; nothing to do when somebody else has it or it has ended."""
        name = f"{socket.gethostname()}:{os.getpid()}"
        async with self.sessions.begin() as session:
            taken = await lifecycle.claim(session, job_id, worker=name, lease_s=self.settings.lease_s)
        if taken is None:
            logger.info("job %s needs no work", job_id)
            return
        faults.point("claimed")
        claim, job = taken
        logger.info("job %s attempt %d: %s", job_id, claim.attempt, job.type.value)
        attempt = Attempt(self, claim, job)
        try:
            await attempt.run()
            logger.info("job %s attempt %d: done", job_id, claim.attempt)
        except asyncio.CancelledError:
            await asyncio.shield(self._hand_back(claim))
            raise
        except LeaseLost as lost:
            logger.warning("job %s: %s", job_id, lost)
        except JobFailed as failure:
            await self._fail(claim, failure)
        except Exception as error:  # the job must not stay STARTED, whatever it was
            logger.exception("job %s attempt %d: unforeseen", job_id, claim.attempt)
            await self._fail(claim, JobFailed(f"unforeseen: {type(error).__name__}", code="internal", retryable=True))
        finally:
            await asyncio.to_thread(shutil.rmtree, attempt.work, ignore_errors=True)
        faults.point("committed, not finished")

    async def _fail(self, claim: Claim, failure: JobFailed) -> None:
        logger.error("job %s attempt %d failed in %s: %s", claim.job_id, claim.attempt, failure.stage, failure.detail)
        try:
            async with self.sessions.begin() as session:
                await lifecycle.fail(session, claim, failure)
        except LeaseLost as lost:
            logger.warning("job %s: %s", claim.job_id, lost)

    async def _hand_back(self, claim: Claim) -> None:
        """The worker stops, or the client cancelled: then the job is no longer ours and there is nothing to give."""
        try:
            async with self.sessions.begin() as session:
                await lifecycle.hand_back(session, claim)
            logger.info("job %s handed back", claim.job_id)
        except LeaseLost:
            logger.info("job %s stopped: it was cancelled, or is another attempt's", claim.job_id)
        except Exception as error:
            if not is_away(error):
                raise
            # the lease runs out and the reaper does it
            logger.warning("job %s could not be handed back: %r", claim.job_id, error)


class Attempt:
    """One claimed run. `work` is its scratch folder, its own alone."""

    def __init__(self, shop: Workshop, claim: Claim, job: Job) -> None:
        self.shop = shop
        self.claim = claim
        self.job = job
        self.plan = msgspec.convert(job.plan_json, Plan)
        self.work = shop.settings.work_path / f"{claim.job_id}-{claim.attempt}"
        self.percent = 0.0
        self.speed: float | None = None
        self.stage = "fetch"

    async def run(self) -> None:
        """Raises LeaseLost, JobFailed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                beside = [tasks.create_task(self._keep_lease()), tasks.create_task(self._keep_progress())]
                await self._make_and_publish()
                for task in beside:
                    task.cancel()
        except* ReelwrightError as group:
            first: BaseException = group
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from None

    async def _keep_lease(self) -> None:
        """Renew on a timer: much of the work says nothing for long."""
        while True:
            await asyncio.sleep(self.shop.settings.lease_s / 4)
            try:
                async with self.shop.sessions.begin() as session:
                    await lifecycle.renew(session, self.claim, lease_s=self.shop.settings.lease_s)
            except Exception as error:
                if not is_away(error):
                    raise
                # work on: the fence decides at the end
                logger.warning("job %s: lease not renewed: %r", self.claim.job_id, error)

    async def _keep_progress(self) -> None:
        """Write what has changed, at most twice a second."""
        written = (-1, "")
        while True:
            await asyncio.sleep(PROGRESS_INTERVAL_S)
            if (int(self.percent), self.stage) != written:
                try:
                    await self._write_progress()
                except Exception as error:
                    if not is_away(error):
                        raise
                    logger.warning("job %s: progress not written: %r", self.claim.job_id, error)
                else:
                    written = (int(self.percent), self.stage)

    async def _write_progress(self, recipe_json: dict[str, Any] | None = None) -> None:
        async with self.shop.sessions.begin() as session:
            await lifecycle.report(
                session,
                self.claim,
                percent=self.percent,
                stage=self.stage,
                speed=self.speed,
                recipe_json=recipe_json,
            )

    def _progressed(self, percent: float, speed: float | None) -> None:
        self.percent, self.speed = percent, speed

    async def _make_and_publish(self) -> None:
        source = await self._fetch()
        made = await self._render(source)
        self.stage = "publish"
        publishing = asyncio.create_task(self._publish(made))
        try:
            await asyncio.shield(publishing)
        except asyncio.CancelledError:
            await publishing  # it is short, and half of it must not stay
            raise

    async def _fetch(self) -> Path:
        """The input's local path. Raises JobFailed when it is not what the plan was made for."""
        async with self.shop.sessions() as session:
            file = await session.scalar(
                select(File).join(JobInput, JobInput.file_id == File.id).where(JobInput.job_id == self.claim.job_id)
            )
        if file is None or file.sha256 != self.plan.inputs[0].sha256:
            raise JobFailed("the video that the job works on was deleted", code="input_gone", stage="fetch")
        path = self.shop.storage.path(file.key)
        if not await asyncio.to_thread(path.is_file):
            raise JobFailed("the stored file of the video is missing", code="file_missing", stage="fetch")
        return path

    async def _render(self, source: Path) -> Made:
        recipe = compile_plan(self.plan, self.shop.capabilities)
        self.stage = "render"
        await self._write_progress(msgspec.to_builtins(recipe))
        target = self.work / "out0.mp4"
        try:
            await asyncio.to_thread(self.shop.storage.require_space, 0)
            await asyncio.to_thread(self.work.mkdir, mode=0o750, parents=True)
        except NoSpace as error:
            raise JobFailed(error.detail, code="no_space", retryable=True) from error
        settings = self.shop.settings
        await run(
            recipe,
            {"in0": source, "out0": target},
            ffmpeg=programs.ffmpeg_path(settings),
            work=self.work,
            budget=Budget(
                wall_base_s=settings.job_wall_base_s,
                wall_factor=settings.job_wall_factor,
                stall_s=settings.stall_timeout_s,
                memory_bytes=settings.media_memory_bytes,
                output_bytes=settings.max_output_bytes,
            ),
            report=self._progressed,
        )
        faults.point("rendered, not verified")
        self.stage = "verify"
        return await self._verify(target)

    async def _verify(self, path: Path) -> Made:
        try:
            media = await self.shop.prober.probe(path)
        except ReelwrightError as error:
            raise VerifyFailed(f"the output cannot be read: {error.detail}") from error
        expected = self.plan.outputs[0]
        if wrong := verify.complaints(expected, media):
            raise VerifyFailed("the output is not what was planned: " + "; ".join(wrong))
        size_bytes, sha256 = await asyncio.to_thread(_measure, path)
        checks = {"frame_count": media.picture.frame_count, "duration_s": media.duration_s, "complaints": []}
        return Made(path, media, size_bytes, sha256, checks)

    async def _publish(self, made: Made) -> None:
        """Files first, rows after: a row never exists without its complete file."""
        variant_id = new_id()
        kind = KINDS[self.job.type]
        key = f"processed/{variant_id}/{kind.value}.mp4"
        try:
            await asyncio.to_thread(self.shop.storage.publish, made.path, key)
            faults.point("renamed, not committed")
            await self._commit(made, variant_id, kind, key)
        except NoSpace as error:
            raise JobFailed(error.detail, code="no_space", stage="publish", retryable=True) from error
        except LeaseLost:
            await asyncio.to_thread(self.shop.storage.delete, key)
            raise

    async def _commit(self, made: Made, variant_id: uuid.UUID, kind: VariantKind, key: str) -> None:
        """One fenced transaction. When its outcome is unknown, the row tells, before anything is deleted or redone."""
        while True:
            try:
                async with self.shop.sessions.begin() as session:
                    await lifecycle.succeed(session, self.claim, output_variant_id=variant_id)
                    await self._insert_rows(session, made, variant_id, kind, key)
            except LeaseLost:
                if await self._is_committed(variant_id):  # by a commit whose answer was lost
                    return
                raise
            except Exception as error:
                if not is_away(error):
                    raise
                logger.warning("job %s: commit not confirmed: %r", self.claim.job_id, error)
            else:
                return
            await asyncio.sleep(COMMIT_RETRY_S)

    async def _is_committed(self, variant_id: uuid.UUID) -> bool:
        async with self.shop.sessions() as session:
            job = await session.get(Job, self.claim.job_id)
        return job is not None and job.status is JobStatus.SUCCESS and job.output_variant_id == variant_id

    async def _insert_rows(
        self, session: AsyncSession, made: Made, variant_id: uuid.UUID, kind: VariantKind, key: str
    ) -> None:
        edit = msgspec.convert(self.job.edit_json, Edit)
        if self.job.input_variant_id is not None:
            parent = await session.get(Variant, self.job.input_variant_id)
            if parent is not None:
                edit = edit.after(msgspec.convert(parent.edit_json, Edit))
        session.add(
            Variant(
                id=variant_id,
                video_id=self.job.video_id,
                job_id=self.claim.job_id,
                output_index=0,
                kind=kind,
                quality=self.plan.outputs[0].output.quality,
                source_variant_id=self.job.input_variant_id,
                stored_path=key,
                size_bytes=made.size_bytes,
                duration_sec=Decimal(repr(made.media.duration_s)).quantize(Decimal("0.001")),
                width=made.media.picture.display_width,
                height=made.media.picture.display_height,
                config_json=self.job.edit_json,
                edit_json=msgspec.to_builtins(edit),
                media_info=msgspec.to_builtins(made.media),
                checks=made.checks,
            )
        )
        await session.flush()
        session.add(
            File(
                variant_id=variant_id,
                role=FileRole.MAIN,
                name=Path(key).name,
                key=key,
                size_bytes=made.size_bytes,
                sha256=made.sha256,
                content_type="video/mp4",
            )
        )


def _measure(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()

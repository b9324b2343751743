"""One attempt at an import: fetch from where the one before it came to, examine as an upload is, publish."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.limits import limits_of
from reelwright.access.on_behalf import holder_by_id
from reelwright.cancellation import finished
from reelwright.db.models import Job
from reelwright.db.outages import is_away
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import JobFailed, LeaseLost, NoSpace, UnreadableMedia, UnsupportedMedia
from reelwright.jobs import imports, room
from reelwright.jobs.fencing import Claim
from reelwright.jobs.footprint import import_footprint
from reelwright.jobs.imports import WantedImport
from reelwright.jobs.stage_shares import FETCHING_SHARE
from reelwright.library.display_names import display_name
from reelwright.library.partial_file import PartialFile
from reelwright.library.resumed_fetching import Fetching, Representation
from reelwright.outbound.timeouts import Patience
from reelwright.telemetry import metrics
from reelwright_worker.attempt_telemetry import AttemptTelemetry
from reelwright_worker.context import WorkerContext
from reelwright_worker.import_publication import ImportPublication
from reelwright_worker.lease_and_progress import TendedAttempt

RATE_OVER_S = 5.0


class ImportAttempt(TendedAttempt):
    """The partial file lies in a folder of the job's own, where the next attempt finds it, on whatever machine."""

    def __init__(self, ctx: WorkerContext, claim: Claim, job: Job, telemetry: AttemptTelemetry) -> None:
        super().__init__(ctx, claim, job, telemetry)
        self.partial = PartialFile(ctx.storage, f"uploads/{job.id}", max_bytes=ctx.settings.max_upload_bytes)
        self.shown = ""
        self.fetching: Fetching | None = None
        self.content_type = ""
        self.rate = _Rate()
        self.had_bytes = 0
        """What was there of the file when room for the rest was reserved."""
        self.is_last = False
        """Whether the job ends with it."""

    async def run(self) -> None:
        opening = asyncio.ensure_future(asyncio.to_thread(self.partial.open))
        try:
            await finished(opening)
            await super().run()
        except JobFailed as failure:
            if not isinstance(failure, LeaseLost):
                spent = self.job.failures + 1 >= self.job.max_failures
                self.is_last = not failure.of_machine and (spent or not failure.retryable)
                metrics.UPLOADS.labels(failure.code).inc()
            raise
        else:
            metrics.UPLOADS.labels("stored").inc()
        finally:
            if opening.exception() is None:
                await finished(self._leave())

    async def _leave(self) -> None:
        """Remove what is there unless another attempt will go on with it."""
        status = JobStatus.FAILURE if self.is_last else await self._status()
        goes_on = status in (JobStatus.PENDING, JobStatus.STARTED)
        await asyncio.to_thread(self.partial.close if goes_on else self.partial.discard)

    async def _status(self) -> JobStatus | None:
        """None: the job is no more. A database that is away leaves what there is to the sweep."""
        try:
            async with self.ctx.sessions() as session:
                return await session.scalar(select(Job.status).where(Job.id == self.job.id))
        except Exception as error:
            if not is_away(error):
                raise
            return JobStatus.PENDING

    @property
    def _reached(self) -> tuple[object, ...]:
        return self.partial.size_bytes, self.stage

    async def _report(self, session: AsyncSession, claim: Claim, recipe_json: dict[str, Any] | None = None) -> None:
        size_bytes = None if self.fetching is None else self.fetching.known.size_bytes
        received_bytes = self.partial.size_bytes
        if self.stage == "fetch" and size_bytes:
            self.percent = 100 * FETCHING_SHARE * received_bytes / size_bytes
        told = imports.transfer(self.shown, received_bytes, size_bytes, self.rate.bytes_per_s())
        await super()._report(session, claim, told)

    async def _work(self) -> None:
        async with self.ctx.sessions() as session:
            wanted = await imports.wanted_by(session, self.job.id)
        self.shown = wanted.target.shown
        name = await self._fetch(wanted)
        self._enter("verify")
        media = await self._examined()
        texts = await self.ctx.upload_prober.embedded_subtitles(self.partial.path, media)
        self._enter("publish")
        ctx, name = self.ctx, display_name(name)
        limits = {f"of_{whose}s": limits_of(ctx.settings, whose) for whose in ("key", "project")}
        async with ctx.sessions() as session:
            holder = await holder_by_id(session, self.job.key_id, **limits)
        publication = ImportPublication(
            ctx.sessions, ctx.storage, self.claim, self.job, self.partial, media, texts, name, self.shown, holder
        )
        await publication.publish()

    async def _fetch(self, wanted: WantedImport) -> str:
        """Have the whole file; returns what it is called."""
        settings = self.ctx.settings
        name = wanted.filename or wanted.target.name

        async def begun(new: Representation) -> None:
            nonlocal name
            name = wanted.filename or new.filename or wanted.target.name
            self.content_type = new.content_type
            if new.size_bytes is not None:
                await self._require_space(new.size_bytes)
            async with self.ctx.sessions.begin() as session:
                await imports.note(session, self.claim, new, wanted.filename or new.filename)

        self.fetching = Fetching(
            self.ctx.outbound,
            wanted.target,
            self.partial,
            headers=wanted.headers,
            patience=Patience(settings.import_timeout_s, settings.import_stall_timeout_s),
            max_bytes=settings.max_upload_bytes,
            known=wanted.known,
            begun=begun,
            arrived=self._arrived,
        )
        try:
            await self.fetching.run()
        except NoSpace as error:
            raise JobFailed(error.detail, code=error.code, stage="fetch", of_machine=True) from error
        return name

    async def _require_space(self, size_bytes: int) -> None:
        """Reserve what is missing of the file. Raises JobFailed where there is no room for it: the job waits."""
        ctx, lease_s = self.ctx, self.ctx.settings.lease_s
        self.had_bytes = self.partial.size_bytes
        async with ctx.sessions.begin() as session:
            need = import_footprint(size_bytes - self.had_bytes)
            if not await room.widen(session, self.claim, self.job, need, ctx.place, lasts_s=lease_s):
                detail = f"there is no room for {size_bytes} more bytes on the storage disk"
                raise JobFailed(detail, code="no_space", stage="fetch", of_machine=True, needs_bytes=size_bytes)

    async def _written(self) -> tuple[str, int]:
        return await asyncio.to_thread(self.ctx.place.media_disk), self.partial.size_bytes - self.had_bytes

    def _arrived(self, count: int) -> None:
        metrics.UPLOAD_BYTES.inc(count)
        self.rate.add(count)
        self._news.set()

    async def _examined(self) -> MediaInfo:
        try:
            return await self.ctx.upload_prober.probe(self.partial.path)
        except (UnsupportedMedia, UnreadableMedia) as error:
            if self.content_type.startswith("text/html"):
                detail = f"The address leads to a page (text/html), not to a video. {error.detail}"
                raise JobFailed(detail, code=error.code, stage="verify") from error
            raise


class _Rate:
    """How fast bytes come, over the last seconds."""

    def __init__(self) -> None:
        self._bytes = 0
        self._marks = [(time.monotonic(), 0)]

    def add(self, count: int) -> None:
        self._bytes += count

    def bytes_per_s(self) -> float | None:
        now = time.monotonic()
        self._marks = [*(mark for mark in self._marks if mark[0] > now - RATE_OVER_S), (now, self._bytes)]
        (began, before), (_, after) = self._marks[0], self._marks[-1]
        return round((after - before) / (now - began)) if now - began > 1 else None

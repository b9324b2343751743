"""What every attempt at a job does beside its work: it keeps its lease and tells how far it is, fenced."""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity import reservations
from reelwright.db.models import Job
from reelwright.db.outages import is_away
from reelwright.errors import JobFailed, LeaseLost
from reelwright.jobs import fencing, reached_percent
from reelwright.jobs.blame import blamed
from reelwright.jobs.fencing import Claim
from reelwright_worker.attempt_telemetry import AttemptTelemetry
from reelwright_worker.context import WorkerContext

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.5
"""Between two writes of the progress."""


class TendedAttempt(ABC):
    """One claimed run. `stage`: fetch, render, verify or publish."""

    def __init__(self, ctx: WorkerContext, claim: Claim, job: Job, telemetry: AttemptTelemetry) -> None:
        self.stage = "fetch"
        self.telemetry = telemetry
        self.ctx = ctx
        self.claim = claim
        self.job = job
        self.percent = 0.0
        self.speed: float | None = None
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Do the work beside the timers. Raises LeaseLost, JobFailed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                told = self.ctx.progress.tell(self.claim.job_id)
                beside = [tasks.create_task(each) for each in (self._keep_lease(), self._keep_progress(), told)]
                await self._work()
                for task in beside:
                    task.cancel()
        except ExceptionGroup as group:
            raise await self._explained(blamed(group, stage=self.stage)) from None

    @abstractmethod
    async def _work(self) -> None:
        """From the claim to what was made, published."""

    async def _explained(self, failure: JobFailed) -> JobFailed:
        """Return the failure with what only the attempt knows of it."""
        return failure

    @property
    def _reached(self) -> tuple[object, ...]:
        """How far it is: written when it has changed."""
        return int(self.percent), self.stage

    def _enter(self, stage: str) -> None:
        """Go on to the next stage: the one before it has ended well."""
        self.stage = stage
        self.telemetry.stage(stage)
        self._news.set()

    def _enter_again(self, stage: str) -> None:
        """Do a stage once more, in another way."""
        self.stage = stage
        self.telemetry.stage_again(stage)
        self._news.set()

    def _advance(self, percent: float, speed: float | None = None) -> None:
        """Be so far, and have it told."""
        self.percent, self.speed = percent, speed
        self._news.set()

    async def _keep_lease(self) -> None:
        """Renew the lease on a timer: much of the work says nothing for long. Where the claim or a renewal took long,
        as they do in a busy database, the next one comes the sooner. Where it cannot be renewed, those of others
        cannot either, and are not judged for a while."""
        lease_s, asked_at = self.ctx.settings.lease_s, self.claim.asked_at
        while True:
            await asyncio.sleep(asked_at + lease_s / 4 - time.monotonic())
            began_at = time.monotonic()
            while not await self._write(self._renew):
                self.ctx.patience.begin_anew()
                await asyncio.sleep(lease_s / 20)  # at once when the database is back
                began_at = time.monotonic()
            asked_at = began_at

    async def _renew(self, session: AsyncSession, claim: Claim) -> None:
        lease_s = self.ctx.settings.lease_s
        await fencing.renew(session, claim, lease_s=lease_s)
        if claim.token is not None:
            with suppress(OSError):  # a file that has gone meanwhile: the next time
                disk, used_bytes = await self._written()
                await reservations.renew(session, claim.token, lasts_s=lease_s, disk=disk, used_bytes=used_bytes)

    @abstractmethod
    async def _written(self) -> tuple[str, int]:
        """Return which disk it writes to, and how many bytes are there by now. Raises OSError."""

    async def _keep_progress(self) -> None:
        """Write the progress as it is told, at most twice a second; what could not be written, once more. What is
        written later than it was true makes the rest seem slower than it is."""
        written: tuple[object, ...] = ()
        while True:
            await self._news.wait()
            self._news.clear()
            if (now := self._reached) != written:
                if await self._write(self._report):
                    written = now
                else:
                    self._news.set()
                await asyncio.sleep(PROGRESS_INTERVAL_S)

    async def _write(self, write: Callable[[AsyncSession, Claim], Awaitable[object]]) -> bool:
        """Write beside the work. Return whether the database took it. The work goes on without: the fence decides at
        the end.

        Raises LeaseLost, but not once the commit may be under way: its own fence tells, and afterwards the job has
        ended for everybody.
        """
        try:
            async with asyncio.timeout(self.ctx.settings.lease_s), self.ctx.sessions.begin() as session:
                await write(session, self.claim)
        except LeaseLost:
            if self.stage != "publish":
                raise
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s goes on without the database: %r", self.claim.job_id, error)
            return False
        return True

    async def _report(self, session: AsyncSession, claim: Claim, recipe_json: dict[str, Any] | None = None) -> None:
        await reached_percent.report(
            session, claim, percent=self.percent, stage=self.stage, speed=self.speed, recipe_json=recipe_json
        )

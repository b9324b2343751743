"""One job from its claim to its end: compile, run, verify, publish, commit. Every write is fenced by the attempt."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.db.database import is_away
from reelwright.db.models import File, Job, JobInput
from reelwright.edits import sidecars
from reelwright.edits.plan import VERSION as PLAN_VERSION
from reelwright.edits.plan import ExpectedOutput, PictureFacts, Plan
from reelwright.edits.sidecars import PlannedPicture
from reelwright.errors import Busy, JobFailed, LeaseLost, MediaProcessFailed, NoSpace, ReelwrightError, VerifyFailed
from reelwright.jobs import lifecycle
from reelwright.jobs.lifecycle import Claim
from reelwright.library.overlay_images import picture_key
from reelwright.media import verify
from reelwright.media.ffmpeg import capabilities
from reelwright.media.ffmpeg.command import Recipe
from reelwright.media.ffmpeg.runner import Budget, run
from reelwright.media.images.checker import PictureChecker
from reelwright.media.packaging import packager
from reelwright.media.probe.prober import Prober
from reelwright.media.recipes.compile import compile_plan
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage
from reelwright_worker.attempt_telemetry import Account
from reelwright_worker.blame import blamed, short_of_space
from reelwright_worker.machine import Machine
from reelwright_worker.publish import COMMIT_RETRY_S, Companion, Made, Publication
from reelwright_worker.stored_inputs import SEEM_DAMAGED, demand_readable
from reelwright_worker.work_folder import WorkFolder

logger = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.5
NEWER_PLAN = "the worker that took the job is older than the API that planned it: upgrade the worker"
SETTLE_S = 8.0
"""How long an attempt that was cancelled tries to say so to a database that is away."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every job of this worker works with."""

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    storage: LocalStorage
    prober: Prober
    checker: PictureChecker
    machine: Machine

    async def work_on(self, job_id: uuid.UUID) -> None:
        """Claim the job and bring it to an end; nothing to do when somebody else has it or it has ended.

        Cancelled when the worker stops, which gives the job to another, or when the client cancelled it.
        """
        claiming = asyncio.create_task(self._claim(job_id))
        try:
            if (taken := await finished(claiming)) is not None:
                await self._attempt(*taken)
        except asyncio.CancelledError:
            if claiming.exception() is None and (taken := claiming.result()) is not None:
                await finished(self._settle(taken[0], "handed back", lifecycle.hand_back))
            raise

    async def _claim(self, job_id: uuid.UUID) -> tuple[Claim, Job] | None:
        try:
            async with self.sessions.begin() as session:
                if await self._waits(session, job_id):
                    return None
                name = self.machine.name
                taken = await lifecycle.claim(session, job_id, worker=name, lease_s=self.settings.lease_s)
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s could not be claimed, the reaper will queue it again: %r", job_id, error)
            return None
        if taken is None:
            logger.info("job %s needs no work", job_id)
        return taken

    async def _waits(self, session: AsyncSession, job_id: uuid.UUID) -> bool:
        """Whether the job needs more disk than is free: it is left in the queue then."""
        needs_bytes = await lifecycle.needed_bytes(session, job_id)
        if needs_bytes is None or (why := await asyncio.to_thread(self.machine.needs_more, needs_bytes)) is None:
            return False
        logger.info("job %s waits: %s", job_id, why)
        await lifecycle.wait_on(session, job_id)
        return True

    async def _attempt(self, claim: Claim, job: Job) -> None:
        fault_points.point("claimed")
        work = WorkFolder(self.settings.work_path / f"{claim.job_id}-{claim.attempt}")
        failure: JobFailed | None = None
        try:
            with Account(claim, job) as account:
                await Attempt(self, claim, job, work, account).run()
        except LeaseLost as lost:
            logger.warning("%s", lost)
        except Exception as error:  # noqa: BLE001 - the job must not stay STARTED, whatever it was
            failure = blamed(error, stage="fetch")
        finally:
            await finished(asyncio.to_thread(work.remove))
        if failure is not None and failure.of_machine:
            await self._postpone(claim, failure)
        elif failure is not None:
            await self._settle(claim, "failed", partial(lifecycle.fail, failure=failure))
        fault_points.point("committed, not finished")

    async def _postpone(self, claim: Claim, failure: JobFailed) -> None:
        """The machine is to blame, and looked at: what it used for this attempt has been given back by now."""
        confirmed = not await self.machine.examine()
        write = partial(lifecycle.postpone, failure=failure, confirmed=confirmed)
        await self._settle(claim, "put back", write, patience_s=math.inf)

    async def _settle(
        self,
        claim: Claim,
        what: str,
        write: Callable[[AsyncSession, Claim], Awaitable[object]],
        *,
        patience_s: float = SETTLE_S,
    ) -> None:
        """Write an attempt's end; one that is not ours any more has been ended by others."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                async with self.sessions.begin() as session:
                    await write(session, claim)
            except LeaseLost as lost:
                logger.info("not %s: %s", what, lost)
            except Exception as error:
                if not is_away(error):
                    raise
                logger.warning("job %s could not be %s: %r", claim.job_id, what, error)
                if time.monotonic() < deadline:
                    await asyncio.sleep(COMMIT_RETRY_S)
                    continue  # after that its lease runs out, and the reaper does it
            return


class Attempt:
    """One claimed run. `folder` is its scratch folder, its own alone."""

    def __init__(self, shop: Workshop, claim: Claim, job: Job, folder: WorkFolder, account: Account) -> None:
        self.account = account
        self.shop = shop
        self.claim = claim
        self.job = job
        self.plan = _understood(job)
        account.output_s = float(Fraction(self.plan.outputs[0].duration_s))
        self.folder = folder
        self.work = folder.path
        self.percent = 0.0
        self.speed: float | None = None
        self.warnings: tuple[str, ...] = ()
        """What is missing of the source, in sentences."""

    async def run(self) -> None:
        """Raises LeaseLost, JobFailed."""
        try:
            async with asyncio.TaskGroup() as tasks:
                beside = [tasks.create_task(self._keep_lease()), tasks.create_task(self._keep_progress())]
                await self._make_and_publish()
                for task in beside:
                    task.cancel()
        except ExceptionGroup as group:
            failure = blamed(group, stage=self.account.stage)
            if failure.code == "no_space" and failure.needs_bytes is None:
                used_bytes = await asyncio.to_thread(self.folder.used_bytes)
                failure = short_of_space(failure, used_bytes, self.percent, self.shop.machine.capacity_bytes())
            raise failure from None

    async def _keep_lease(self) -> None:
        """Renew on a timer: much of the work says nothing for long."""
        pause_s = self.shop.settings.lease_s / 4
        while True:
            await asyncio.sleep(pause_s)
            said = await self._say(partial(lifecycle.renew, lease_s=self.shop.settings.lease_s))
            pause_s = self.shop.settings.lease_s / (4 if said else 20)  # at once when the database is back

    async def _keep_progress(self) -> None:
        """Write what has changed, at most twice a second."""
        written = (-1, "")
        while True:
            await asyncio.sleep(PROGRESS_INTERVAL_S)
            now = (int(self.percent), self.account.stage)
            if now != written and await self._say(self._report):
                written = now

    async def _say(self, write: Callable[[AsyncSession, Claim], Awaitable[object]]) -> bool:
        """Write beside the work; whether the database took it. The work goes on without: the fence decides at the end.

        Raises LeaseLost, but not once the commit may be under way: its own fence tells, and afterwards the job has
        ended for everybody.
        """
        try:
            async with asyncio.timeout(self.shop.settings.lease_s), self.shop.sessions.begin() as session:
                await write(session, self.claim)
        except LeaseLost:
            if self.account.stage != "publish":
                raise
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s goes on without the database: %r", self.claim.job_id, error)
            return False
        return True

    async def _report(self, session: AsyncSession, claim: Claim, recipe_json: dict[str, Any] | None = None) -> None:
        await lifecycle.report(
            session, claim, percent=self.percent, stage=self.account.stage, speed=self.speed, recipe_json=recipe_json
        )

    def _progressed(self, percent: float, speed: float | None) -> None:
        self.percent, self.speed = percent, speed

    async def _make_and_publish(self) -> None:
        made = await self._render(await self._fetch())
        sidecars = await self._companions(made)
        self.account.enter("publish")
        publication = Publication(
            self.shop.sessions, self.shop.storage, self.claim, self.job, made, sidecars, self.warnings
        )
        await publication.publish()

    async def _fetch(self) -> dict[str, Path]:
        """Slots to local paths of all inputs. Raises JobFailed when one is not what the plan was made for."""
        async with self.shop.sessions() as session:
            files = await session.scalars(
                select(File).join(JobInput, JobInput.file_id == File.id).where(JobInput.job_id == self.claim.job_id)
            )
            keys = {file.sha256: file.key for file in files}
        slots: dict[str, Path] = {}
        for number, facts in enumerate(self.plan.sources):
            key = picture_key(facts.sha256) if isinstance(facts, PictureFacts) else keys.get(facts.sha256)
            if key is None:
                raise JobFailed("the video that the job works on was deleted", code="input_gone", stage="fetch")
            slots[f"in{number}"] = path = self.shop.storage.path(key)
            if not await asyncio.to_thread(path.is_file):
                raise JobFailed("a stored file that the job needs is missing", code="file_missing", stage="fetch")
        return slots

    async def _render(self, slots: dict[str, Path]) -> tuple[Made, ...]:
        targets = [
            self.work / f"out{number}.{expected.output.container}" for number, expected in enumerate(self.plan.outputs)
        ]
        slots = {**slots, **{f"out{number}": target for number, target in enumerate(targets)}}
        capabilities = self.shop.machine.capabilities
        recipe = compile_plan(self.plan, capabilities)
        self.account.enter("render")
        try:
            return await self._made(recipe, slots, targets)
        except MediaProcessFailed as failure:
            if not any(command.hardware for command in recipe.commands) or failure.of_machine:
                raise
            logger.warning("job %s: the machine's encoder failed, software takes over", self.claim.job_id)
            recipe = compile_plan(self.plan, msgspec.structs.replace(capabilities, hardware=()))
        except VerifyFailed as failure:
            if (from_start := recipe.from_start()) is None:
                raise
            logger.warning("job %s: once more from the source's start: %s", self.claim.job_id, failure.detail)
            recipe = from_start
        self.account.back_to("render")
        await asyncio.to_thread(self.folder.remove)
        return await self._made(recipe, slots, targets)

    async def _made(self, recipe: Recipe, slots: dict[str, Path], targets: list[Path]) -> tuple[Made, ...]:
        """Raises JobFailed. What seems to lie in the source is not said of it before the disk has given all of it."""
        inputs = [path for name, path in slots.items() if name.startswith("in")]
        try:
            self.warnings = await self._run(recipe, slots)
            fault_points.point("rendered, not verified")
            self.account.enter("verify")
            made = [
                await self._verify(path, expected, number)
                for number, (path, expected) in enumerate(zip(targets, self.plan.outputs, strict=True))
            ]
        except JobFailed as failure:
            if failure.code in SEEM_DAMAGED:
                await demand_readable(inputs)
            raise
        if self.warnings:
            await demand_readable(inputs)
        return tuple(made)

    async def _run(self, recipe: Recipe, slots: dict[str, Path]) -> tuple[str, ...]:
        """Make all files in a fresh work folder; returns what is missing of the source. Raises JobFailed."""
        await self._say(partial(self._report, recipe_json=msgspec.to_builtins(recipe)))
        try:
            await asyncio.to_thread(self.shop.storage.require_space, 0)
            await finished(asyncio.to_thread(self.folder.make))
        except NoSpace as error:
            raise JobFailed(error.detail, code="no_space", of_machine=True) from error
        settings = self.shop.settings
        return await run(
            recipe,
            slots,
            ffmpeg=capabilities.ffmpeg_path(settings),
            work=self.work,
            budget=Budget(
                wall_base_s=settings.job_wall_base_s,
                wall_factor=settings.job_wall_factor,
                stall_s=settings.stall_timeout_s,
                memory_bytes=settings.media_memory_bytes,
                output_bytes=settings.max_output_bytes,
                reserve_bytes=settings.disk_reserve_bytes,
            ),
            report=self._progressed,
        )

    async def _verify(self, path: Path, expected: ExpectedOutput, number: int) -> Made:
        try:
            media = await self.shop.prober.probe(path)
        except Busy as error:  # says nothing about the output
            raise JobFailed(error.detail, code="busy", stage="verify", of_machine=True) from error
        except ReelwrightError as error:
            raise VerifyFailed(f"the output cannot be read: {error.detail}", output_index=number) from error
        if wrong := verify.complaints(expected, media):
            what = "the output" if len(self.plan.outputs) == 1 else f"the rendition {expected.output.quality}"
            raise VerifyFailed(f"{what} is not what was planned: {'; '.join(wrong)}", output_index=number)
        size_bytes, sha256 = await asyncio.to_thread(_measure, path)
        checks: dict[str, Any] = {
            "frame_count": media.picture.frame_count,
            "duration_s": media.duration_s,
            "complaints": [],
        }
        return Made(path, expected, media, size_bytes, sha256, checks)

    async def _companions(self, made: tuple[Made, ...]) -> tuple[Companion, ...]:
        """The files beside the outputs that the plan promises. Raises VerifyFailed when one is not there, or is not
        what it should be."""
        if (streamed := self.plan.streaming) is not None:
            renditions = [one.media for one in made]
            await asyncio.to_thread(packager.finish, streamed, renditions, self.work)
        length = Fraction(self.plan.outputs[0].duration_s)
        for companion in self.plan.companions:
            for name, text in sidecars.texts(companion, length).items():
                await asyncio.to_thread((self.work / name).write_text, text, encoding="utf-8")
        found = []
        for planned in self.plan.files:
            path = self.work / planned.name
            try:
                size_bytes, sha256 = await asyncio.to_thread(_measure, path)
            except FileNotFoundError:
                size_bytes, sha256 = 0, ""
            if size_bytes == 0:
                raise VerifyFailed(f"{planned.name} was not made")
            if planned.picture is not None:
                await self._check_picture(path, planned.picture)
            found.append(Companion(path, planned, size_bytes, sha256))
        return tuple(found)

    async def _check_picture(self, path: Path, expected: PlannedPicture) -> None:
        try:
            seen = await self.shop.checker.look(path)
        except Busy as error:  # says nothing about the picture
            raise JobFailed(error.detail, code="busy", stage="verify", of_machine=True) from error
        except ReelwrightError as error:
            raise VerifyFailed(f"{path.name} cannot be read: {error.detail}") from error
        if wrong := verify.picture_complaints(expected, seen):
            raise VerifyFailed(f"{path.name} is not what was planned: {'; '.join(wrong)}")


def _understood(job: Job) -> Plan:
    """Raises JobFailed `newer_plan`: during an upgrade, a worker of the new release may take it next."""
    try:
        plan = msgspec.convert(job.plan_json, Plan)
    except msgspec.ValidationError as error:
        raise JobFailed(f"{NEWER_PLAN} ({error})", code="newer_plan", stage="fetch") from error
    if plan.version > PLAN_VERSION:
        raise JobFailed(NEWER_PLAN, code="newer_plan", stage="fetch")
    return plan


def _measure(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()

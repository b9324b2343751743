"""One attempt at an edit: fetch its inputs, render, verify, publish."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.db.models import Job
from reelwright.edits import sidecars
from reelwright.edits.plan import Plan, splicing
from reelwright.errors import JobFailed, MediaProcessFailed, NoSpace, VerifyFailed
from reelwright.jobs import reached_percent, time_left
from reelwright.jobs.blame import short_of_space
from reelwright.jobs.fencing import Claim
from reelwright.jobs.stage_shares import CHECK, CODE, DRAW, RENDER
from reelwright.jobs.time_left import Underway
from reelwright.media.ffmpeg import executable
from reelwright.media.ffmpeg.command import Recipe
from reelwright.media.ffmpeg.runner import Budget, Report, run
from reelwright.media.packaging import packager
from reelwright.media.recipes import subtitles_and_chapters
from reelwright.media.recipes.compile import compile_plan, splice_recipe
from reelwright.media.splicing.splicer import SpliceFailed
from reelwright.storage.work_folder import WorkFolder
from reelwright.telemetry import metrics
from reelwright_worker import fallbacks, stored_inputs, subtitle_drawing
from reelwright_worker.attempt_telemetry import AttemptTelemetry
from reelwright_worker.attempt_times import AttemptTimes
from reelwright_worker.best_output import FinishedOutput, FinishedSidecar
from reelwright_worker.context import WorkerContext
from reelwright_worker.edit_publication import OutputPublication
from reelwright_worker.foresight import Foresight
from reelwright_worker.lease_and_progress import TendedAttempt
from reelwright_worker.proof import prove, prove_sidecars
from reelwright_worker.splicing import spliced
from reelwright_worker.stored_inputs import SEEM_DAMAGED, demand_readable

logger = logging.getLogger(__name__)


class Attempt(TendedAttempt):
    """`folder` is its scratch folder, its own alone."""

    def __init__(
        self, ctx: WorkerContext, claim: Claim, job: Job, plan: Plan, folder: WorkFolder, telemetry: AttemptTelemetry
    ) -> None:
        super().__init__(ctx, claim, job, telemetry)
        self.plan = plan
        telemetry.planned(float(plan.length))
        self.folder = folder
        self.work = folder.path
        self.warnings: tuple[str, ...] = ()
        """What is missing of the source, in sentences."""
        self.not_spliced: str | None = None
        """Why a result that was to copy is coded anew after all, as a sentence."""
        self.times = AttemptTimes()
        self.foresight = Foresight(job, ctx.machine.name)
        self.recipe_json: dict[str, Any] = {}

    async def _explained(self, failure: JobFailed) -> JobFailed:
        if failure.code != "no_space" or failure.needs_bytes is not None:
            return failure
        used_bytes = await asyncio.to_thread(self.folder.used_bytes)
        rendered = self.foresight.rendered_percent(self.percent)
        return short_of_space(failure, used_bytes, rendered, self.ctx.machine.capacity_bytes())

    async def _written(self) -> tuple[str, int]:
        return await asyncio.to_thread(lambda: (self.ctx.place.work_disk(), self.folder.used_bytes()))

    def _progressed(self, percent: float, speed: float | None) -> None:
        self._advance(self.foresight.percent(RENDER, percent / 100), speed)

    def _part_progressed(self, part: str, done: float) -> None:
        self._advance(self.foresight.percent(part, done))

    async def _report(self, session: AsyncSession, claim: Claim, recipe_json: dict[str, Any] | None = None) -> None:
        if recipe_json is not None:
            self.recipe_json = recipe_json
        percent = int(self.percent)
        await reached_percent.report(
            session,
            claim,
            percent=self.percent,
            stage=self.stage,
            speed=self.speed,
            recipe_json=recipe_json,
            forecast=self.foresight.forecast if recipe_json is not None else None,
        )
        if self.times.is_at_mark(percent):
            self.times.mark(percent, self._measured_s(percent))

    def _measured_s(self, percent: int) -> float | None:
        """Return the seconds that are left as they are told of the job now."""
        elapsed_s = self.times.elapsed_s if self.claim.attempt == 1 else None
        return time_left.left_s(Underway(percent, self.speed, self.recipe_json, elapsed_s, self.foresight.lead_s))

    async def _work(self) -> None:
        async with self.ctx.sessions() as session:
            self.foresight.heed(await self.ctx.past.of(session, self.job.project_id))
        outputs = await self._render(await stored_inputs.found(self.ctx, self.claim, self.plan))
        sidecars = await self._sidecars(outputs)
        if not outputs:  # images alone
            first, *sidecars = sidecars
            outputs = (first.as_output(),)
        self._enter("publish")
        publication = OutputPublication(
            self.ctx.sessions,
            self.ctx.storage,
            self.claim,
            self.job,
            outputs,
            tuple(sidecars),
            (*((self.not_spliced,) if self.not_spliced else ()), *self.warnings),
            self.ctx.machine.toolchain.digest,
            self.times.stored(),
        )
        await publication.publish()

    async def _render(self, slots: dict[str, Path]) -> tuple[FinishedOutput, ...]:
        if self.plan.is_spliced and (made := await self._spliced(slots)) is not None:
            return made
        targets = self._targets(self.plan)
        return await self._coded({**slots, **{f"out{number}": path for number, path in enumerate(targets)}}, targets)

    def _targets(self, plan: Plan) -> list[Path]:
        return [self.work / f"out{number}.{expected.output.container}" for number, expected in enumerate(plan.outputs)]

    async def _spliced(self, slots: dict[str, Path]) -> tuple[FinishedOutput, ...] | None:
        """What copies all that can be copied. None where that fails: then all is to be coded anew."""
        plan = splicing.expected_splice(self.plan)
        targets = (target,) = self._targets(plan)
        self._enter("render")
        try:
            recipe = splice_recipe(plan, self.ctx.machine.capabilities)
            self.foresight.copies()
            with self.times.spending(CODE):
                missing = await self._run(recipe, slots, self._edges_progressed)
            if missing:
                raise SpliceFailed("encode", "; ".join(missing))
            joined, check = await spliced(
                self.ctx, plan, slots["in0"], target, self.work, self._part_progressed, self.times
            )
            frames = {"copied": joined.copied, "encoded": joined.encoded}
            await self._write(partial(self._report, recipe_json=self.foresight.stored(recipe) | {"frames": frames}))
            fault_points.point("rendered, not verified")
            self._enter("verify")
            with self.times.spending(CHECK):
                (output,) = await prove(self.ctx, plan, targets, slots["in0"], partial(self._part_progressed, CHECK))
        except (SpliceFailed, JobFailed) as failure:
            if (refused := fallbacks.why_coded_anew(failure)) is None:
                raise
        else:
            checks = [*output.checks["checks"], msgspec.to_builtins(check)]
            return (replace(output, checks=output.checks | {"checks": checks}),)
        logger.warning("job %s: coded anew instead of copied: %s", self.claim.job_id, refused.detail)
        metrics.NOT_SPLICED.labels(refused.reason).inc()
        self.not_spliced = splicing.exactly(refused, self.plan)
        self._enter_again("render")
        self.times.begun_anew()
        await asyncio.to_thread(self.folder.remove)
        return None

    def _edges_progressed(self, percent: float, speed: float | None) -> None:
        self._advance(self.foresight.percent(CODE, percent / 100), speed)

    async def _coded(self, slots: dict[str, Path], targets: list[Path]) -> tuple[FinishedOutput, ...]:
        """All outputs, coded anew."""
        self.plan = splicing.without_splice(self.plan)
        capabilities = self.ctx.machine.capabilities
        undrawn = await subtitle_drawing.undrawn(self.plan, self.ctx.overlay_images)
        recipe = self.foresight.codes(self.plan, compile_plan(self.plan, capabilities), draws=bool(undrawn))
        if self.not_spliced is None:
            self._enter("render")
        if undrawn:
            await self._write(partial(self._report, recipe_json=self.foresight.stored(recipe)))
            with self.times.spending(DRAW):
                await subtitle_drawing.draw(undrawn, self.ctx.overlay_images, partial(self._part_progressed, DRAW))
        try:
            return await self._make(recipe, slots, targets)
        except MediaProcessFailed as failure:
            if (software := fallbacks.in_software(failure, recipe, self.plan, capabilities)) is None:
                raise
            logger.warning("job %s: the machine's encoder failed, software takes over", self.claim.job_id)
            recipe = self.foresight.codes(self.plan, software)
        except VerifyFailed as failure:
            if (from_start := fallbacks.from_start(recipe)) is None:
                raise
            logger.warning("job %s: once more from the source's start: %s", self.claim.job_id, failure.detail)
            recipe = from_start
        self._enter_again("render")
        self.times.begun_anew()
        await asyncio.to_thread(self.folder.remove)
        return await self._make(recipe, slots, targets)

    async def _make(self, recipe: Recipe, slots: dict[str, Path], targets: list[Path]) -> tuple[FinishedOutput, ...]:
        """Make and verify all outputs. Raises JobFailed. What seems to lie in the source is not said of it before
        the disk has given all of it."""
        inputs = [path for name, path in slots.items() if name.startswith("in")]
        try:
            self.warnings = await self._run(recipe, slots)
            fault_points.point("rendered, not verified")
            self._enter("verify")
            with self.times.spending(CHECK):
                outputs = await prove(self.ctx, self.plan, targets, slots["in0"], partial(self._part_progressed, CHECK))
        except JobFailed as failure:
            if failure.code in SEEM_DAMAGED:
                await demand_readable(inputs)
            raise
        if self.warnings:
            await demand_readable(inputs)
        return outputs

    async def _run(self, recipe: Recipe, slots: dict[str, Path], report: Report | None = None) -> tuple[str, ...]:
        """Make all files in a fresh work folder; returns what is missing of the source. Raises JobFailed."""
        await self._write(partial(self._report, recipe_json=self.foresight.stored(recipe)))
        try:
            await asyncio.to_thread(self.ctx.storage.require_space, 0)
            await finished(asyncio.to_thread(self.folder.make))
            for name, text in (await asyncio.to_thread(subtitles_and_chapters.texts, self.plan)).items():
                await asyncio.to_thread((self.work / name).write_text, text, encoding="utf-8", newline="\n")
        except NoSpace as error:
            raise JobFailed(error.detail, code="no_space", of_machine=True) from error
        settings = self.ctx.settings
        return await run(
            recipe,
            slots,
            ffmpeg=executable.ffmpeg_path(settings),
            work=self.work,
            budget=Budget(
                wall_base_s=settings.job_wall_base_s,
                wall_factor=settings.job_wall_factor,
                stall_s=settings.stall_timeout_s,
                memory_bytes=settings.media_memory_bytes,
                output_bytes=settings.max_output_bytes,
                reserve_bytes=settings.disk_reserve_bytes,
            ),
            report=report or self._progressed,
            ended=lambda command, took_s: self.times.spent(command.stage, took_s),
        )

    async def _sidecars(self, outputs: tuple[FinishedOutput, ...]) -> list[FinishedSidecar]:
        """Finish the files beside the outputs, or instead of any, and prove them. Raises JobFailed."""
        if (streamed := self.plan.streaming) is not None:
            renditions = [output.media for output in outputs[: len(streamed.video_files)]]
            await asyncio.to_thread(packager.finish, streamed, renditions, self.work, self.plan.tracks)
        for sidecar in self.plan.sidecars:
            for name, text in sidecars.texts(sidecar, self.plan.length).items():
                await asyncio.to_thread((self.work / name).write_text, text, encoding="utf-8")
        return await prove_sidecars(self.ctx, self.plan, self.work)

"""The queue's tasks: thin, each finds its job by id and hands it on."""

from __future__ import annotations

import uuid

import procrastinate

from reelwright.jobs.queue import TASK
from reelwright.jobs.queue_choice import WHOLE
from reelwright.telemetry import logs, metrics, tracing
from reelwright_worker.context import WorkerContext
from reelwright_worker.run_job import run_job


async def render(context: procrastinate.JobContext, job_id: str, origin: dict[str, str] | None = None) -> None:
    """Run the job. `origin`: what asked for it, see jobs/queue.py."""
    known = context.additional_context
    ctx: WorkerContext = known["context"]
    ids = {"job_id": job_id}
    if origin and "request_id" in origin:
        ids["request_id"] = origin["request_id"]
    with (
        logs.bound(**ids),
        metrics.RUNNING.track_inprogress(),
        tracing.span(f"work {TASK}", {"job.id": job_id}, kind="consumer", carrier=origin or {}),
    ):
        await run_job(ctx, uuid.UUID(job_id), plan=known["plan"], claimed=known["claimed"])


def register(app: procrastinate.App) -> None:
    app.task(name=TASK, queue=WHOLE, pass_context=True)(render)

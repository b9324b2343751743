"""The queue's tasks: thin, each finds its job by id and hands it on."""

from __future__ import annotations

import uuid

import procrastinate

from reelwright.jobs.queue import QUEUE, TASK
from reelwright_worker.render import Workshop


async def render(context: procrastinate.JobContext, job_id: str) -> None:
    workshop: Workshop = context.additional_context["workshop"]
    await workshop.work_on(uuid.UUID(job_id))


def register(app: procrastinate.App) -> None:
    app.task(name=TASK, queue=QUEUE, pass_context=True)(render)

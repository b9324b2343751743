"""What is told of jobs that have not ended: what each waits for beside its turn, and the seconds that are left. Of what
waits for something else than its turn or its `run_at`, nobody knows these."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs import queue_ahead, time_left, waiting
from reelwright.jobs.queue_ahead import Ahead
from reelwright.jobs.waiting import SCHEDULE, Waiting


class Outlook(NamedTuple):
    """`waiting`: None where it is only not its turn; `left`: None where nothing is known."""

    waiting: Waiting | None
    left: SecondsLeft | None


async def of(session: AsyncSession, jobs: Sequence[Job]) -> dict[uuid.UUID, Outlook]:
    """Return it of each of the jobs. What jobs at work have left stands in their rows; what is before those that wait
    is asked for once for each project. When that comes which a job waits for beside its turn nobody knows, but of its
    `run_at`."""
    reasons = await waiting.reasons(session, jobs)
    before: dict[uuid.UUID, Ahead] = {}
    found: dict[uuid.UUID, Outlook] = {}
    for job in jobs:
        reason, own = reasons.get(job.id), time_left.kept(job).seconds
        passed_s = 0.0 if job.looked_at is None else (job.looked_at - job.updated_at).total_seconds()
        left = time_left.seconds_left(job, passed_s)
        if job.status is JobStatus.PENDING and own is not None and (reason is None or reason.code == SCHEDULE):
            if job.project_id not in before:
                before[job.project_id] = await queue_ahead.ahead(session, job.project_id)
            left = _of_waiting(job, own, before[job.project_id])
        found[job.id] = Outlook(reason, left)
    return found


def _of_waiting(job: Job, own: SecondsLeft, ahead: Ahead) -> SecondsLeft | None:
    not_before_s = 0.0
    if job.run_at is not None and job.looked_at is not None:
        not_before_s = max((job.run_at - job.looked_at).total_seconds(), 0.0)
    waits = job.reused_from_job_id or job.id
    return queue_ahead.left(waits, own, ahead, not_before_s=not_before_s, is_tried_again=job.attempt > 0)

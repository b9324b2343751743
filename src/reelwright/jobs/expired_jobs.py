"""Jobs that had not begun when their `expires_at` came: each ends in FAILURE, by whoever comes to it first, a worker or
the look for such."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import JobFailed
from reelwright.jobs import job_events, waiting
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.failed_attempts import error_of

EXPIRED: Final = and_(Job.status == JobStatus.PENDING, Job.started_at.is_(None), Job.expires_at <= func.now())
"""By the database's clock."""
AT_A_TIME = 500
"""Jobs that one transaction ends; the others are left to the next."""

_LEAVE_QUEUE = text("SELECT procrastinate_cancel_job_v1(CAST(:entry AS bigint), false, false)")


async def expire(session: AsyncSession, job_id: uuid.UUID) -> None:
    """End a job in FAILURE that has not begun when it should have; nothing to do for any other. It shares its encode
    with nobody, as all jobs that are bound to times."""
    job = await session.scalar(select(Job).where(Job.id == job_id, EXPIRED).with_for_update())
    if job is None:
        return
    failure = JobFailed("it had not begun when its `expires_at` came", code="expired", stage="queue")
    job.status = JobStatus.FAILURE
    job.error, job.error_message = error_of(failure), failure.sentence
    job.finished_at = job.updated_at = func.now()
    await session.flush()
    await session.execute(_LEAVE_QUEUE, {"entry": job.queue_job_id})
    await waiting.forget(session, job.id)
    await job_events.record(session, job.id, job.attempt, job.status, code=failure.code, detail=failure.detail)
    announce(session, Transition(job.id, job.type, job.status, code=failure.code))


async def end_expired_jobs(session: AsyncSession) -> None:
    """End jobs that have not begun when they should have, and that no worker has come to since."""
    expired = await session.scalars(select(Job.id).where(EXPIRED).limit(AT_A_TIME).with_for_update(skip_locked=True))
    for job_id in expired.all():
        await expire(session, job_id)

"""Brings back jobs that nobody works on: their worker died, the queue has forgotten them, or they follow a job that has
ended without them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import Boolean, ColumnElement, Uuid, and_, bindparam, exists, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import ForgottenJob, Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import JobFailed
from reelwright.jobs import failed_attempts, followers, queue
from reelwright.jobs.expired_jobs import EXPIRED, end_expired_jobs
from reelwright.jobs.queue_upkeep import ANSWERED_WITHIN_S, end_abandoned_entries

logger = logging.getLogger(__name__)

Step: TypeAlias = Callable[[AsyncSession], Coroutine[Any, Any, None]]
AT_A_TIME = 500
"""Jobs that one transaction ends, or queues again; the others are left to the next."""

_NO_LIVE_ENTRY = text(
    "NOT EXISTS (SELECT FROM procrastinate_jobs q WHERE q.id = jobs.queue_job_id AND (q.status = 'todo'"
    " OR (q.status = 'doing' AND EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = q.id"
    " AND e.type = 'started' AND e.at > now() - make_interval(secs => :within_s)))))"
).bindparams(within_s=ANSWERED_WITHIN_S)
_FETCHED = text(
    "WITH held AS MATERIALIZED (SELECT id FROM procrastinate_jobs WHERE status = 'doing')"
    " SELECT j.id FROM held JOIN jobs j ON j.queue_job_id = held.id WHERE j.status = 'PENDING' LIMIT :most"
)
"""Jobs that workers have fetched and not claimed: some of them only not yet."""
_LOOKED_AT = text(
    "DELETE FROM forgotten_jobs WHERE job_id = ANY(:noted)"
    " AND (job_id = ANY(:looked_at) OR NOT EXISTS (SELECT FROM jobs WHERE id = job_id))"
).bindparams(bindparam("noted", type_=ARRAY(Uuid)), bindparam("looked_at", type_=ARRAY(Uuid)))


_LOST = and_(Job.status == JobStatus.STARTED, Job.reused_from_job_id.is_(None), Job.lease_until < func.now())
_FOLLOWS = and_(Job.reused_from_job_id.is_not(None), Job.status.in_(followers.UNFINISHED))
_HELD = literal_column("EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'doing')", Boolean)


async def rescue_lost_jobs(session: AsyncSession) -> None:
    """Take jobs away from holders whose lease ran out: back to the queue, or FAILURE when the budget is used up."""
    lost = await session.scalars(select(Job).where(_LOST).with_for_update(skip_locked=True))
    for job in lost.all():
        failure = JobFailed("the worker died or fell silent while it ran the job", code="worker_lost")
        error = {"code": failure.code, "stage": job.stage, "detail": failure.detail}
        status = await failed_attempts.count_failure(session, job, failure, error=error)
        logger.warning("job %s lost its worker and is %s now", job.id, status.value, extra={"job_id": str(job.id)})


async def requeue_forgotten_jobs(session: AsyncSession) -> None:
    """Queue PENDING jobs again whose queue entry is gone, ended, or was fetched and led to no claim. What is read are
    entries that workers hold, and what triggers have noted (forgotten_jobs_0031.sql), however many jobs wait.

    The claim follows the fetch at once, unless the worker died or the answer to its fetch was lost on the way. One
    that is only slow finds the job taken: two entries are harmless.
    """
    oldest = select(ForgottenJob.job_id).order_by(ForgottenJob.noted_at, ForgottenJob.job_id).limit(AT_A_TIME)
    noted = (await session.scalars(oldest)).all()
    held = (await session.scalars(_FETCHED, {"most": AT_A_TIME})).all()
    if not noted and not held:
        return
    found = await session.scalars(select(Job).where(Job.id.in_({*noted, *held})).with_for_update(skip_locked=True))
    looked_at = found.all()
    forgotten = await session.scalars(
        select(Job.id).where(
            Job.id.in_([job.id for job in looked_at]),
            Job.status == JobStatus.PENDING,
            Job.reused_from_job_id.is_(None),
            _NO_LIVE_ENTRY,
        )
    )
    ids = {*forgotten.all()}
    for job in looked_at:
        if job.id in ids:
            job.queue_job_id = await queue.defer(session, job)
            logger.warning("job %s had no live queue entry and was queued again", job.id, extra={"job_id": str(job.id)})
    await session.execute(_LOOKED_AT, {"noted": noted, "looked_at": [job.id for job in looked_at]})


async def rescue_followers(session: AsyncSession) -> None:
    """End those that follow a job which has ended, as that has ended, or let one of them lead the others. Workers of
    the release before know of no followers."""
    ended = await session.scalars(followers.LEFT_BEHIND, {"most": AT_A_TIME})
    for leader in ended.all():
        await followers.end(session, leader)
        logger.warning("job %s had ended without those that follow it", leader.id, extra={"job_id": str(leader.id)})


_STEPS: Final[dict[Step, ColumnElement[bool]]] = {
    end_expired_jobs: exists(select(Job.id).where(EXPIRED)),
    rescue_lost_jobs: exists(select(Job.id).where(_LOST)),
    rescue_followers: exists(select(Job.id).where(_FOLLOWS)),
    requeue_forgotten_jobs: or_(_HELD, exists(select(ForgottenJob.job_id))),
    end_abandoned_entries: _HELD,
}
"""In order, with what says that there may be something to do."""
_DUE: Final = select(*_STEPS.values())


async def due(session: AsyncSession) -> Sequence[Step]:
    """Return what there may be something to do for, in order, by one look; most of the time nothing."""
    row = (await session.execute(_DUE)).one()
    return [step for step, is_due in zip(_STEPS, row, strict=True) if is_due]

"""New jobs: one that is queued, one that follows an equal one, one that is done already.

A job's row and its queue entry commit together or not at all.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.access.caller import key_of_new
from reelwright.db.models import LEADING, WITHOUT_EDIT_AND_PLAN, Job, JobInput
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.jobs import followers, job_events, queue
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.queue_choice import MEDIA
from reelwright.jobs.timing import AT_ONCE, Timing

SHARES = "shares the encode of an equal job"


@dataclass(frozen=True, slots=True)
class NewJob:
    """The columns of a new job, and what it reads. `fingerprint`: of what it makes; `shared`: equal jobs share one
    encode with it; `queue`: queue_choice.py."""

    video_id: uuid.UUID | None
    type: JobType
    edit_json: dict[str, Any] | None = None
    plan_json: dict[str, Any] | None = None
    plan_digest: str | None = None
    warnings: tuple[str, ...] = ()
    input_variant_id: uuid.UUID | None = None
    input_file_ids: tuple[uuid.UUID, ...] = ()
    max_failures: int = 3
    labels: dict[str, Any] = field(default_factory=dict)
    recipe_json: dict[str, Any] | None = None
    forecast: dict[str, Any] | None = None
    fingerprint: str | None = None
    shared: bool = False
    webhook_id: uuid.UUID | None = None
    result_keep_s: int | None = None
    timing: Timing = AT_ONCE
    queue: str = MEDIA

    def columns(self) -> dict[str, Any]:
        """Return them as they are inserted: the job waits."""
        columns = {
            "video_id": self.video_id,
            "input_variant_id": self.input_variant_id,
            "type": self.type,
            "edit_json": self.edit_json,
            "plan_json": self.plan_json,
            "plan_digest": self.plan_digest,
            "recipe_json": self.recipe_json,
            "forecast": self.forecast,
            "warnings": list(self.warnings),
            "labels": self.labels,
            "max_failures": self.max_failures,
            "fingerprint": self.fingerprint,
            "shared": self.shared,
            "webhook_id": self.webhook_id,
            "result_keep_s": self.result_keep_s,
            "queue": self.queue,
            "priority": self.timing.priority,
            "run_at": self.timing.run_at,
            "expires_at": self.timing.expires_at,
            "key_id": key_of_new(),
            "status": JobStatus.PENDING,
            "progress": 0,
        }
        return {name: value for name, value in columns.items() if value is not None}


async def create(session: AsyncSession, new: NewJob) -> Job:
    """Insert a PENDING job and queue it."""
    inserted = insert(Job).values(new.columns()).returning(Job)
    job = (await session.scalars(inserted.options(*WITHOUT_EDIT_AND_PLAN))).one()
    await enqueue(session, job, new)
    return job


async def lead(session: AsyncSession, new: NewJob) -> Job | None:
    """Insert a job whose encode equal ones may share, to be queued by the caller. Waits for who is about to do the
    same; None when there is such a job already."""
    inserted = postgresql.insert(Job).values(new.columns())
    alone = inserted.on_conflict_do_nothing(index_elements=[Job.fingerprint], index_where=LEADING)
    return (await session.scalars(alone.returning(Job).options(*WITHOUT_EDIT_AND_PLAN))).one_or_none()


async def enqueue(session: AsyncSession, job: Job, new: NewJob) -> None:
    """Queue a job that was inserted."""
    await _reads(session, job, new)
    job.queue_job_id = await queue.defer(session, job, not_before=job.run_at)
    await job_events.record(session, job.id, 0, JobStatus.PENDING)
    announce(session, Transition(job.id, job.type, JobStatus.PENDING, message="job queued"))


async def follow(session: AsyncSession, new: NewJob) -> Job | None:
    """Insert a job that follows the equal one that waits or runs, in the state that this is in. None when there is none
    any more."""
    leader_id = await session.scalar(
        select(Job.id).where(Job.fingerprint == new.fingerprint, LEADING).with_for_update(read=True)
    )
    if leader_id is None:
        return None
    columns = {**new.columns(), "reused_from_job_id": leader_id}
    inserted = insert(Job).values(columns).returning(Job)
    job = (await session.scalars(inserted.options(*WITHOUT_EDIT_AND_PLAN))).one()
    await _reads(session, job, new)
    await job_events.record(session, job.id, 0, JobStatus.PENDING, reason=SHARES, reused_from=str(leader_id))
    message = f"job {SHARES}: {leader_id}"
    announce(session, Transition(job.id, job.type, JobStatus.PENDING, message=message, reused="encode"))
    await queue.hasten(session, leader_id, new.timing.priority)
    await followers.mirror(session, leader_id, reason=SHARES)
    await session.refresh(job)
    fault_points.point("submit: encode shared, not committed")
    return job


async def _reads(session: AsyncSession, job: Job, new: NewJob) -> None:
    if new.input_file_ids:
        rows = [{"job_id": job.id, "file_id": file_id} for file_id in new.input_file_ids]
        await session.execute(insert(JobInput), rows)


async def record_done(session: AsyncSession, *, video_id: uuid.UUID, type: JobType) -> Job:  # noqa: A002
    """Insert a job that was done while the client waited: born SUCCESS."""
    job = Job(video_id=video_id, type=type, status=JobStatus.SUCCESS, progress=100)
    job.started_at = job.finished_at = datetime.datetime.now(datetime.UTC)
    session.add(job)
    await session.flush()
    await job_events.record(session, job.id, 0, JobStatus.SUCCESS)
    announce(session, Transition(job.id, job.type, JobStatus.SUCCESS, message="job done at once"))
    return job

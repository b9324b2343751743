"""What a job that waits is waiting for, beside its turn.

Which reason comes first is decided by the view ops.queue, which operators read, too (migrations/README.md says where
it is). What workers say that keeps them from work: living_workers.py.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job, JobWait
from reelwright.edits.kinds_and_states import JobStatus

SCHEDULE = "schedule"
"""The code of waiting for `run_at`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a job waits for. `code`: one of error_codes.HINDRANCES, or `schedule` (its `run_at`), `worker` (none that is
    alive takes its queue), `paused` (the queue is), or one of KINDS of capacity/who_gets_room.py: there is too
    little of that now."""

    code: str
    detail: str
    since: datetime.datetime | None


_REASONS = text(
    "SELECT job_id, waiting_for, waiting_for_detail, waiting_for_since FROM ops.queue"
    " WHERE job_id = ANY(:ids) AND waiting_for IS NOT NULL"
)


async def reasons(session: AsyncSession, jobs: Sequence[Job]) -> dict[uuid.UUID, Waiting]:
    """Return what those of the jobs wait for that wait for more than their turn: as operators see it."""
    if not (pending := [job.id for job in jobs if job.status is JobStatus.PENDING]):
        return {}
    return {job_id: Waiting(*reason) for job_id, *reason in await session.execute(_REASONS, {"ids": pending})}


async def room_found(session: AsyncSession, job_id: uuid.UUID) -> None:
    """Say that the job waits for room no more: it begins. How often a machine was blamed for it in a row is kept."""
    mine = JobWait.job_id == job_id
    await session.execute(delete(JobWait).where(mine, JobWait.times == 0))
    await session.execute(update(JobWait).where(mine).values(need=None, machine=None, passed_over=0))


async def forget(session: AsyncSession, job_id: uuid.UUID) -> None:
    """Drop what the job waited for: it has ended."""
    await session.execute(delete(JobWait).where(JobWait.job_id == job_id))

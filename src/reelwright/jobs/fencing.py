"""An attempt's right to a job: it fences all that the attempt writes, and keeps the job its own.

The newest claim alone is valid: where nothing is written, the attempt is no longer the newest, or the job has ended.
When a job is cancelled that others share, its claim goes on to one of those, and the worker notices nothing. Clocks are
the database's. How a claim is taken: claims.py; how it ends: lifecycle.py.
"""

from __future__ import annotations

import datetime
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import WITHOUT_EDIT_AND_PLAN, Job, Publication
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import LeaseLost
from reelwright.jobs import followers

LOOKS = 3
"""A statement that waited while the claim went on to another job finds it with neither: the next one does."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt's right to a job, when it was claimed. Every write names the token, by which the job is found that
    the attempt works for now; without one, job and attempt. `asked_at`: when the claim was asked for, on this
    process's monotonic clock: the lease counts from then at the earliest, however long the claim waited for others."""

    job_id: uuid.UUID
    attempt: int
    token: uuid.UUID | None = field(default=None, compare=False)
    asked_at: float = field(default_factory=time.monotonic, compare=False)


def _mine(claim: Claim) -> ColumnElement[bool]:
    if claim.token is None:
        return and_(Job.id == claim.job_id, Job.attempt == claim.attempt, Job.status == JobStatus.STARTED)
    return and_(Job.claim_token == claim.token, Job.attempt == Job.claim_attempt, Job.status == JobStatus.STARTED)


async def write(session: AsyncSession, claim: Claim, **values: Any) -> uuid.UUID:
    """Write fenced, and return the job's id; a job that the session knows already stays there as it was. Raises
    LeaseLost when it is no longer this attempt's."""
    written = (
        update(Job)
        .where(_mine(claim))
        .values(updated_at=func.now(), **values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    for _ in range(LOOKS):
        job_id: uuid.UUID | None = await session.scalar(written)
        if job_id is not None:
            return job_id
    raise _lost(claim)


async def owned(session: AsyncSession, claim: Claim) -> Job:
    """Return the attempt's job, locked, without its edit and its plan. Raises LeaseLost."""
    mine = select(Job).where(_mine(claim)).with_for_update().options(*WITHOUT_EDIT_AND_PLAN)
    for _ in range(LOOKS):
        job = await session.scalar(mine)
        if job is not None:
            return job
    raise _lost(claim)


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(f"attempt {claim.attempt} of job {claim.job_id} has no right to it any more")


async def renew(session: AsyncSession, claim: Claim, *, lease_s: float) -> None:
    """Say that the attempt is alive. Raises LeaseLost."""
    lease_until = func.now() + datetime.timedelta(seconds=lease_s)
    await followers.relay(session, await write(session, claim, lease_until=lease_until))


async def announce_publication(session: AsyncSession, claim: Claim, folders: list[str]) -> None:
    """Say which folders of keys the attempt is about to fill: as long as it holds the job, nobody sweeps them. Raises
    LeaseLost."""
    job = await owned(session, claim)
    await session.execute(delete(Publication).where(Publication.job_id == job.id))
    session.add_all(Publication(folder=folder, job_id=job.id, attempt=job.attempt) for folder in folders)

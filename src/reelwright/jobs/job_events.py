"""A job's events: written with each transition, told to whoever listens, read by those who follow the job."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import JobEvent
from reelwright.edits.kinds_and_states import JobStatus

CHANNEL = "reelwright_jobs"
"""NOTIFY channel; the payload is the job's id, the row is the truth."""

_RECORD = text(
    "WITH event AS ("
    " INSERT INTO job_events (job_id, seq, attempt, type, data)"
    " SELECT :job_id, coalesce(max(seq), 0) + 1, :attempt, :type, :data ::jsonb FROM job_events WHERE job_id = :job_id"
    " RETURNING job_id)"
    " SELECT pg_notify(:channel, job_id::text) FROM event"
)


async def record(session: AsyncSession, job_id: uuid.UUID, attempt: int, status: JobStatus, **data: Any) -> None:
    """Write a transition down and notify. The caller holds the row's lock, so numbers cannot collide."""
    await session.execute(
        _RECORD,
        {
            "job_id": job_id,
            "attempt": attempt,
            "type": status.value,
            "data": msgspec.json.encode(data).decode(),
            "channel": CHANNEL,
        },
    )


async def notify(session: AsyncSession, job_id: uuid.UUID) -> None:
    """Tell whoever follows the job to look at its row once the transaction is committed."""
    await session.execute(select(func.pg_notify(CHANNEL, str(job_id))))


async def after(session: AsyncSession, job_id: uuid.UUID, seq: int) -> list[JobEvent]:
    """Return the job's transitions that followed number `seq`, in order."""
    events = await session.scalars(
        select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.seq > seq).order_by(JobEvent.seq)
    )
    return list(events)


async def ages(session: AsyncSession, events: list[JobEvent]) -> list[float]:
    """Return the seconds since each was written, by the database's clock."""
    if not events:
        return []
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return [(now - event.created_at).total_seconds() for event in events]

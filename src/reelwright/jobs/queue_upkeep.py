"""Keeps the queue's own tables in order: ends entries that dead workers hold, deletes those that ended long ago."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

QUEUE_RETENTION_DAYS = 7


async def end_abandoned_entries(session: AsyncSession) -> None:
    """End queue entries that dead workers hold and whose job has moved on.

    procrastinate's own function raises for an entry that its worker, not so dead, ends at the same time.
    """
    await session.execute(
        text(
            "UPDATE procrastinate_jobs SET status = 'aborted', abort_requested = false WHERE status = 'doing'"
            " AND id IN (SELECT q.id FROM procrastinate_jobs q"
            " LEFT JOIN procrastinate_workers w ON w.id = q.worker_id LEFT JOIN jobs j ON j.queue_job_id = q.id"
            " WHERE q.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '60 seconds')"
            " AND (j.id IS NULL OR j.status NOT IN ('PENDING', 'STARTED')))"
        )
    )


async def delete_old_entries(session: AsyncSession) -> None:
    """Drop queue entries that ended long ago: the history is in our own rows."""
    await session.execute(
        text(
            "DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')"
            " AND id IN (SELECT job_id FROM procrastinate_events GROUP BY job_id"
            " HAVING max(at) < now() - make_interval(days => :days) LIMIT 1000)"
        ),
        {"days": QUEUE_RETENTION_DAYS},
    )

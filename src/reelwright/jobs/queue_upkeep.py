"""Keeps the queue's own tables in order: ends entries that nobody works at, deletes those that ended long ago."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

QUEUE_RETENTION_DAYS = 7
ANSWERED_WITHIN_S = 15
"""A worker that fetched an entry has its job claimed before that, and one whose job has ended its entry ended: it waits
for a connection at the most."""


_ABANDONED: Final = text(
    "UPDATE procrastinate_jobs SET status = 'aborted', abort_requested = false WHERE status = 'doing'"
    " AND id IN (SELECT q.id FROM procrastinate_jobs q"
    " LEFT JOIN procrastinate_workers w ON w.id = q.worker_id LEFT JOIN jobs j ON j.queue_job_id = q.id"
    " WHERE q.status = 'doing' AND (j.id IS NULL OR j.status NOT IN ('PENDING', 'STARTED'))"
    " AND (w.id IS NULL OR w.last_heartbeat < now() - interval '60 seconds'"
    " OR (coalesce(j.finished_at < now() - make_interval(secs => :within_s), true)"
    " AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = q.id AND e.type = 'started'"
    " AND e.at > now() - make_interval(secs => :within_s)))))"
)


async def end_abandoned_entries(session: AsyncSession) -> None:
    """End queue entries whose job has moved on and that nobody ends: their worker is dead, or lives and knows nothing
    of them, for the answer to its fetch was lost on the way. A worker that is only slow finds its entry ended.

    procrastinate's own function raises for an entry that its worker, not so dead, ends at the same time.
    """
    await session.execute(_ABANDONED, {"within_s": ANSWERED_WITHIN_S})


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

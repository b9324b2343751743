"""The queue: wakes a worker for a job, inside the caller's transaction. The job's row is the truth, never the queue's.

The session calls procrastinate's own function for new entries, so that the API needs no second connection. A queue
entry carries the job's id and, for log and traces, where it came from; never what the job is.

Into which queue a job is put, and which ones a worker takes: queue_choice.py.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job
from reelwright.jobs.queue_choice import WHOLE
from reelwright.telemetry import logs, tracing

TASK: Final = "reelwright.render"

# An array of composites has no SQLAlchemy bind type: send one jsonb and let Postgres cast it.
_DEFER: Final = text(
    "SELECT (procrastinate_defer_jobs_v1(ARRAY[jsonb_populate_record(NULL::procrastinate_job_to_defer_v1, :entry)]))[1]"
).bindparams(bindparam("entry", type_=JSONB))


async def defer(
    session: AsyncSession, job: Job, *, delay_s: int = 0, not_before: datetime.datetime | None = None
) -> int:
    """Put the job into its queue and return the entry's id. Workers hear of it when the session commits."""
    if delay_s:  # by the database's clock, which decides when it is due
        not_before = await session.scalar(select(func.now() + datetime.timedelta(seconds=delay_s)))
    with entry_of(job.id) as origin:
        # workers of the first release know of no such argument
        more: dict[str, Any] = {"origin": origin} if origin else {}
        entry = {
            "queue_name": job.queue,
            "task_name": TASK,
            "priority": job.priority,
            "args": {"job_id": str(job.id), **more},
            "scheduled_at": not_before and not_before.isoformat(),
        }
        queue_job_id: int = await session.scalar(_DEFER, {"entry": entry})
    return queue_job_id


_HASTEN: Final = text(
    "UPDATE procrastinate_jobs SET priority = :priority WHERE status = 'todo' AND priority < :priority"
    " AND id = (SELECT queue_job_id FROM jobs WHERE id = :job_id)"
)


async def hasten(session: AsyncSession, job_id: uuid.UUID, priority: int) -> None:
    """Let the entry of a job that waits be as urgent as that, for another job waits with it."""
    await session.execute(_HASTEN, {"job_id": job_id, "priority": priority})


@contextmanager
def entry_of(job_id: uuid.UUID) -> Iterator[dict[str, str] | None]:
    """Yield the origin that the job's entry in the queue is to carry, within a span in which it is made."""
    with tracing.span(f"queue {WHOLE}", {"job.id": str(job_id)}, kind="producer"):
        yield _origin() or None


def _origin() -> dict[str, str]:
    """Return what ties the work on a job to what asked for it: `request_id`, and of a trace `traceparent`,
    `tracestate`."""
    request_id = logs.request_id()
    return tracing.carrier() | ({"request_id": request_id} if request_id else {})

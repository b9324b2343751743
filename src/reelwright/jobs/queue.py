"""The queue: wakes a worker for a job, inside the caller's transaction. The job's row is the truth, never the queue's.

procrastinate's own entry (`configure(connection=...)`) is used with a connector that also takes a SQLAlchemy session,
so that the API needs no second driver connection. A queue entry carries the job's id and, for log and traces, where it
came from; never what the job is.

Jobs are put into `light` or `media` (queue_choice.py), which are parts of `render`: in that itself is what older
releases have queued.
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import procrastinate
from procrastinate import exceptions, sql
from sqlalchemy import TextClause, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job
from reelwright.jobs.queue_choice import MEDIA
from reelwright.settings import QUEUES
from reelwright.telemetry import logs, tracing

WHOLE: Final = "render"
TASK: Final = "reelwright.render"

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")
# An array of composites has no SQLAlchemy bind type: send one jsonb and let Postgres cast it.
_DEFER: Final = text(
    "SELECT unnest(procrastinate_defer_jobs_v1(ARRAY("
    "SELECT jsonb_populate_recordset(NULL::procrastinate_job_to_defer_v1, :jobs)))) AS id"
).bindparams(bindparam("jobs", type_=JSONB))


@asynccontextmanager
async def _procrastinate_errors() -> AsyncGenerator[None]:
    try:
        yield
    except DBAPIError as error:
        raise exceptions.ConnectorException from error


class SessionConnector(procrastinate.PsycopgConnector):
    """A connector whose external connection may also be a SQLAlchemy AsyncSession on asyncpg."""

    async def execute_query_all_async_with_connection(
        self, connection: Any, query: str, **arguments: Any
    ) -> list[dict[str, Any]]:
        if not isinstance(connection, AsyncSession):
            rows: list[dict[str, Any]] = await super().execute_query_all_async_with_connection(
                connection, query, **arguments
            )
            return rows
        statement: TextClause
        if query == sql.queries["defer_jobs"]:
            statement = _DEFER
            arguments = {
                "jobs": [
                    {**job._asdict(), "scheduled_at": job.scheduled_at and job.scheduled_at.isoformat()}
                    for job in arguments["jobs"]
                ]
            }
        else:
            statement = text(_PLACEHOLDER.sub(r":\1", query))
        async with _procrastinate_errors():
            result = await connection.execute(statement, arguments)
            return [dict(row) for row in result.mappings()]

    async def execute_query_one_async_with_connection(
        self, connection: Any, query: str, **arguments: Any
    ) -> dict[str, Any]:
        if not isinstance(connection, AsyncSession):
            row: dict[str, Any] = await super().execute_query_one_async_with_connection(connection, query, **arguments)
            return row
        rows = await self.execute_query_all_async_with_connection(connection, query, **arguments)
        if not rows:
            raise exceptions.NoResult
        return rows[0]


_app = procrastinate.App(connector=SessionConnector())  # never opened: every call brings its session


def taken_with(queues: Iterable[str]) -> list[str]:
    """Return all queues that a worker takes jobs of, of which it was asked for some: with `render` alone, its parts;
    with `media`, what older releases have queued."""
    asked = list(dict.fromkeys(queues))
    if WHOLE in asked and not {*asked} & {*QUEUES}:
        return [*asked, *QUEUES]
    return asked if WHOLE in asked or MEDIA not in asked else [*asked, WHOLE]


async def defer(
    session: AsyncSession, job: Job, *, delay_s: int = 0, not_before: datetime.datetime | None = None
) -> int:
    """Put the job into its queue and return the entry's id. Workers hear of it when the session commits."""
    schedule: dict[str, Any] = {"schedule_at": not_before} if not_before else {}
    if delay_s:  # by the database's clock, which decides when it is due
        schedule["schedule_at"] = await session.scalar(select(func.now() + datetime.timedelta(seconds=delay_s)))
    deferrer = _app.configure_task(TASK, queue=job.queue, priority=job.priority, connection=session, **schedule)
    with entry_of(job.id) as origin:
        # workers of the first release know of no such argument
        more: dict[str, Any] = {"origin": origin} if origin else {}
        queue_job_id: int = await deferrer.defer_async(job_id=str(job.id), **more)
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

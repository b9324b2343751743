"""What waits and what runs, as the rows have it: the numbers that an operator watches."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits.kinds_and_states import JobStatus

_UNFINISHED = text(
    "SELECT j.queue, j.type::text, j.status::text, count(*), extract(epoch FROM now() - min(j.updated_at))::float"
    " FROM jobs j WHERE j.status IN ('PENDING', 'STARTED') AND j.reused_from_job_id IS NULL GROUP BY 1, 2, 3"
)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Jobs of one type in one status and queue. `oldest_s`: how long the one that changed least recently is so."""

    queue: str
    type: str
    status: JobStatus
    jobs: int
    oldest_s: float


async def unfinished(session: AsyncSession) -> list[Unfinished]:
    """Count the unfinished jobs in one statement, by the index on statuses: ended jobs cost nothing. Those that share
    the encode of another are no work."""
    rows = await session.execute(_UNFINISHED)
    return [
        Unfinished(queue, job_type, JobStatus(status), jobs, oldest_s)
        for queue, job_type, status, jobs, oldest_s in rows
    ]

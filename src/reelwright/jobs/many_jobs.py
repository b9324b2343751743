"""One thing done to many jobs: a bounded part of those that are meant, oldest first, each in a transaction of its own.

So what cannot be done to one is told of that one, and no lock is held while others are worked on. Each is done as to a
single job: nothing here knows how.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import load_only

from reelwright.db.models import Job
from reelwright.errors import Conflict, NotFound, QuotaExceeded, RateLimited
from reelwright.jobs.job_filters import Selection
from reelwright.library import pages, stored_labels
from reelwright.library.pages import Cursor, Wanted

MAX_JOBS = 1000
"""So many in one request: some seconds' work."""

Done = Callable[[AsyncSession, uuid.UUID], Awaitable[object]]
"""What is done to one job, in the caller's transaction. Raises Conflict, NotFound."""


@dataclass(frozen=True, slots=True)
class NotDone:
    """Why it was not done to a job."""

    job_id: uuid.UUID
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the jobs that were meant. `matched`: how many there were when the first part began; `next_cursor`:
    where the next part begins, None when there is none."""

    matched: int
    done: int
    refused: list[NotDone]
    next_cursor: str | None


async def each(sessions: async_sessionmaker[AsyncSession], wanted: Wanted, selection: Selection, do: Done) -> Report:
    """Do it to every job of the wanted part; where a limit of whoever asks is reached, to those before it: the next
    part begins with the one that was refused by that. Raises RateLimited, QuotaExceeded: already the first one is."""
    async with sessions() as session:
        conditions = [*await selection.conditions(session), *await stored_labels.having(session, Job, wanted.labels)]
        few = [load_only(Job.id, Job.created_at, raiseload=True)]
        part = await pages.by_time(session, Job, Job.created_at, wanted, conditions, descending=False, options=few)
    refused: list[NotDone] = []
    done, following = 0, part.following
    for at, job in enumerate(part.rows):
        try:
            async with sessions.begin() as session:
                await do(session, job.id)
            done += 1
        except (Conflict, NotFound) as refusal:  # it has changed since, or what it needs is gone
            refused.append(NotDone(job.id, refusal.code, refusal.detail))
        except (RateLimited, QuotaExceeded) as refusal:  # as would be all that come after it
            if at == 0:
                raise
            before = part.rows[at - 1]
            refused.append(NotDone(job.id, refusal.code, refusal.detail))
            following = Cursor(before.created_at, before.id, wanted.page + 1, part.total, descending=False)
            break
    return Report(part.total, done, refused, None if following is None else str(following))

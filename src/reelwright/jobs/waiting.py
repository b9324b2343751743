"""Why work waits: what keeps workers from taking jobs, said by them, and what a job that waits is waiting for.

A worker's word counts while it is fresh, by the database's clock, as its heartbeat does.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Hindrance, Job, JobWait, Queue
from reelwright.edits.enums import JobStatus

FRESH_S = 30
"""A worker that was not heard of for so long does not live."""

START_ONE = "start one: `reelwright up`, or `procrastinate --app=reelwright_worker.app.app worker`"

_ALIVE = text(
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :fresh_s)"
).bindparams(fresh_s=FRESH_S)


@dataclass(frozen=True, slots=True)
class Waiting:
    """`code`: one of error_codes.HINDRANCES, or `worker` (none is alive), `paused` (the queue is)."""

    code: str
    detail: str
    since: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Workforce:
    """The workers that live, and what some of them are kept from work by."""

    alive: int
    hindrances: tuple[Hindrance, ...]

    @property
    def stands_still(self) -> Waiting | None:
        """Why nobody takes jobs; None while somebody does."""
        if self.alive == 0:
            return Waiting("worker", f"no worker is alive: {START_ONE}")
        if len(self.hindrances) >= self.alive:
            first = self.hindrances[0]
            return Waiting(first.code, first.detail, first.since)
        return None

    @property
    def remark(self) -> str:
        """In words, for an operator."""
        if self.alive == 0:
            return f"no worker is alive: jobs are taken, and wait; {START_ONE}"
        said = "".join(f"; {one.worker} takes no jobs: {one.detail}" for one in self.hindrances)
        return f"{self.alive} worker(s) alive{said}"


async def workforce(session: AsyncSession) -> Workforce:
    alive = await session.scalar(_ALIVE) or 0
    fresh = Hindrance.seen_at > func.now() - datetime.timedelta(seconds=FRESH_S)
    hindrances = await session.scalars(select(Hindrance).where(fresh).order_by(Hindrance.since))
    return Workforce(alive, tuple(hindrances))


async def say(session: AsyncSession, worker: str, code: str, detail: str) -> None:
    """Let everybody know what keeps the worker from work, or that it still does."""
    added = insert(Hindrance).values(worker=worker, code=code, detail=detail)
    new = added.excluded
    await session.execute(
        added.on_conflict_do_update(
            index_elements=[Hindrance.worker], set_={"code": new.code, "detail": new.detail, "seen_at": func.now()}
        )
    )


async def unsay(session: AsyncSession, worker: str) -> None:
    """The worker works; what those said that died long ago goes too."""
    old = Hindrance.seen_at < func.now() - datetime.timedelta(days=1)
    await session.execute(delete(Hindrance).where((Hindrance.worker == worker) | old))


async def reasons(session: AsyncSession, jobs: Sequence[Job]) -> dict[uuid.UUID, Waiting]:
    """What those of the jobs wait for that wait for more than their turn."""
    pending = [job.id for job in jobs if job.status is JobStatus.PENDING]
    if not pending:
        return {}
    found: dict[uuid.UUID, Waiting] = {}
    for wait in await session.scalars(select(JobWait).where(JobWait.job_id.in_(pending))):
        found[wait.job_id] = Waiting(wait.code, wait.detail, wait.since)
    paused = await session.scalar(select(Queue).where(Queue.paused_at.is_not(None)).limit(1))
    general = (await workforce(session)).stands_still
    if paused is not None:
        general = Waiting("paused", f"the queue {paused.name} is paused", paused.paused_at)
    if general is not None:
        found |= dict.fromkeys(pending, general)
    return found


async def needed_bytes(session: AsyncSession, job_id: uuid.UUID) -> int | None:
    """Disk that must be free before the job is worth another try, as far as that is known."""
    needed: int | None = await session.scalar(select(JobWait.needs_bytes).where(JobWait.job_id == job_id))
    return needed


async def forget(session: AsyncSession, job_id: uuid.UUID) -> None:
    """Drop what the job waited for: it has ended."""
    await session.execute(delete(JobWait).where(JobWait.job_id == job_id))

"""Which workers live, which queues they take jobs of, and what keeps them from work, as they say it.

A worker's word counts while it is fresh, by the database's clock, as its heartbeat does.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Hindrance
from reelwright.settings import QUEUES

FRESH_S = 30
"""A worker that was not heard of for so long does not live."""

START_ONE = "start one: `reelwright up`, or `procrastinate --app=reelwright_worker.app.app worker`"

_ALIVE = text(
    "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :fresh_s)"
).bindparams(fresh_s=FRESH_S)
_QUEUES = text("SELECT queue, workers, paused_with, paused_why FROM ops.queue_workers ORDER BY queue")


@dataclass(frozen=True, slots=True)
class WorkedQueue:
    """A queue: by how many living workers it is worked, with which one it is paused, if it is, and why."""

    name: str
    workers: int
    paused_with: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Workforce:
    """The workers that live, what some of them are kept from work by, and the queues that they take jobs of."""

    alive: int
    hindrances: tuple[Hindrance, ...]
    queues: tuple[WorkedQueue, ...] = ()

    @property
    def stands_still(self) -> bool:
        """Whether nobody takes jobs, or nobody those of one queue."""
        return len(self.hindrances) >= self.alive or bool(self._left_alone)

    @property
    def _left_alone(self) -> list[str]:
        return [queue.name for queue in self.queues if queue.workers == 0 and queue.name in QUEUES]

    @property
    def remark(self) -> str:
        """In words, for an operator."""
        pauses = "".join(
            f"; {queue.name} is paused" + (f" ({queue.reason})" if queue.reason else "")
            for queue in self.queues
            if queue.paused_with == queue.name
        )
        if self.alive == 0:
            return f"no worker is alive: jobs are taken, and wait; {START_ONE}{pauses}"
        hindered = "".join(f"; {hindrance.worker} takes no jobs: {hindrance.detail}" for hindrance in self.hindrances)
        alone = "".join(
            f"; none takes jobs of the queue {name}: start one with WORKER_QUEUES={name}" for name in self._left_alone
        )
        return f"{self.alive} worker(s) alive{hindered}{alone}{pauses}"


async def workforce(session: AsyncSession) -> Workforce:
    alive = await session.scalar(_ALIVE) or 0
    fresh = Hindrance.seen_at > func.now() - datetime.timedelta(seconds=FRESH_S)
    hindrances = await session.scalars(select(Hindrance).where(fresh).order_by(Hindrance.since))
    queues = [WorkedQueue(*row) for row in await session.execute(_QUEUES)]
    return Workforce(alive, tuple(hindrances), tuple(queues))


async def report_hindrance(session: AsyncSession, worker: str, code: str, detail: str) -> None:
    """Let everybody know what keeps the worker from work, or that it still does."""
    added = insert(Hindrance).values(worker=worker, code=code, detail=detail)
    new = added.excluded
    await session.execute(
        added.on_conflict_do_update(
            index_elements=[Hindrance.worker], set_={"code": new.code, "detail": new.detail, "seen_at": func.now()}
        )
    )


async def withdraw_hindrance(session: AsyncSession, worker: str) -> None:
    """Say that the worker works. What those said that died long ago goes too."""
    old = Hindrance.seen_at < func.now() - datetime.timedelta(days=1)
    await session.execute(delete(Hindrance).where((Hindrance.worker == worker) | old))

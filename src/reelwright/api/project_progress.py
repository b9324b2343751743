"""How far the jobs of a project are, as its stream tells those who ask for it: the newest of each job that runs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.http.event_stream import encode_event
from reelwright.db.models import WITHOUT_EDIT_AND_PLAN, Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.jobs.progress_message import message_of
from reelwright.jobs.queries import LOOKED_AT

EVERY_S = 1.0
"""Between looks how far the jobs of a project are."""
MOST_JOBS = 500
"""That are told of at once, those that began last."""

_RUNNING = (
    select(Job)
    .where(Job.status == JobStatus.STARTED)
    .order_by(Job.started_at.desc())
    .limit(MOST_JOBS)
    .options(LOOKED_AT, *WITHOUT_EDIT_AND_PLAN)
)


async def running(session: AsyncSession, project_id: uuid.UUID) -> Sequence[Job]:
    """Return the jobs of a project that run: one query, by the index of those that are unfinished."""
    return (await session.scalars(_RUNNING.where(Job.project_id == project_id))).all()


class _Told(NamedTuple):
    reached: tuple[int, int, str | None]
    """Attempt, per cent, stage: what is worth telling of."""
    number: int
    message: bytes


class ProjectProgress:
    """Of each job that runs the newest, in the order in which it came, numbered so that each follower gets what it has
    not. The messages have no `id:`, by which a stream goes on: they are no part of the log."""

    def __init__(self) -> None:
        self.last = 0
        """The newest number."""
        self._told: dict[uuid.UUID, _Told] = {}

    def take(self, jobs: Sequence[Job]) -> None:
        """Hear of all that run, as they are now."""
        ran, self._told = self._told, {}
        for job in jobs:
            reached = job.attempt, job.progress, job.stage
            told = ran.get(job.id)
            if told is None or told.reached != reached:
                self.last += 1
                told = _Told(reached, self.last, encode_event("progress", message_of(job), None))
            self._told[job.id] = told

    def forget(self, job_id: uuid.UUID) -> None:
        """Hear that a job has ended: nothing is told of it any more."""
        self._told.pop(job_id, None)

    def after(self, number: int) -> bytes:
        """Return what followed a number; nothing where nothing did."""
        newer = [told for told in self._told.values() if told.number > number]
        return b"".join(told.message for told in sorted(newer, key=lambda told: told.number))

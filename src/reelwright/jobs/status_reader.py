"""The status of jobs for those who poll: one query of the few columns serves all who ask at the same time.

It goes over the connection that hears of jobs, beside the pool: pollers, however many, take no connection from those
who work, and cost one statement at a time. Where that connection is away, the pool is asked.
"""

from __future__ import annotations

import asyncio
import uuid

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import Job
from reelwright.db.outages import is_away
from reelwright.db.ownership import is_seen
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import NotFound
from reelwright.jobs.notifier import JobNotifier

_LOOK = "SELECT project_id, id, status::text, progress, error_message FROM jobs WHERE id = ANY($1::uuid[])"
_LOOK_AT_ONE = "SELECT project_id, id, status::text, progress, error_message FROM jobs WHERE id = $1"
"""Which PostgreSQL plans once."""


class CurrentStatus(msgspec.Struct, frozen=True):
    """The columns of a job that pollers ask for."""

    id: uuid.UUID
    status: JobStatus
    progress: int
    error_message: str | None


class StatusReader:
    """Reads the status of jobs, of many at once where many ask."""

    def __init__(self, notifier: JobNotifier, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._notifier = notifier
        self._sessions = sessions
        self._asked: dict[uuid.UUID, asyncio.Future[tuple[uuid.UUID, CurrentStatus] | None]] = {}
        """Of the next look: who asks while one is under way may know of something that it does not see."""
        self._looking: asyncio.Task[None] | None = None

    async def read(self, job_id: uuid.UUID) -> CurrentStatus:
        """Return the job as it is now. Raises NotFound, and what the database raises."""
        if not self._notifier.listening.is_set():
            return await self._by_the_pool(job_id)
        if (answer := self._asked.get(job_id)) is None:
            answer = self._asked[job_id] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="statuses")
        try:
            found = await asyncio.shield(answer)
        except Exception as error:
            if not is_away(error):
                raise
            return await self._by_the_pool(job_id)
        if found is None or not is_seen(found[0]):
            raise NotFound("no such job")
        return found[1]

    async def _look(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    ids = list(asked)
                    rows = await (
                        self._notifier.fetch(_LOOK_AT_ONE, *ids) if len(ids) == 1 else self._notifier.fetch(_LOOK, ids)
                    )
                except Exception as error:  # noqa: BLE001 - it is theirs who asked
                    for future in asked.values():
                        future.set_exception(error)
                        future.exception()  # heard: whoever asked may have gone
                    continue
                found = {
                    id_: (project_id, CurrentStatus(id_, JobStatus(status), *rest))
                    for project_id, id_, status, *rest in rows
                }
                for job_id, future in asked.items():
                    future.set_result(found.get(job_id))
        finally:
            self._looking = None

    async def _by_the_pool(self, job_id: uuid.UUID) -> CurrentStatus:
        async with self._sessions() as session:
            row = (
                await session.execute(
                    select(Job.id, Job.status, Job.progress, Job.error_message).where(Job.id == job_id)
                )
            ).one_or_none()
        if row is None:
            raise NotFound("no such job")
        return CurrentStatus(*row)

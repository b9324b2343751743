"""The few columns that pollers ask for: one look at the rows serves all who ask at the same time.

It goes over the connection that hears of jobs, beside the pool: pollers, however many, take no connection from those
who work, and cost one statement at a time. Where that connection is away, the pool is asked.
"""

from __future__ import annotations

import asyncio
import uuid

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.database import is_away
from reelwright.db.models import Job
from reelwright.edits.enums import JobStatus
from reelwright.errors import NotFound
from reelwright.jobs.notifier import Hub

_LOOK = "SELECT id, status::text, progress, error_message FROM jobs WHERE id = ANY($1::uuid[])"
_LOOK_AT_ONE = "SELECT id, status::text, progress, error_message FROM jobs WHERE id = $1"
"""Which PostgreSQL plans once."""


class Glance(msgspec.Struct, frozen=True):
    """Where a job is."""

    id: uuid.UUID
    status: JobStatus
    progress: int
    error_message: str | None


class Glances:
    """Looks at jobs for whoever asks."""

    def __init__(self, hub: Hub, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._hub = hub
        self._sessions = sessions
        self._asked: dict[uuid.UUID, asyncio.Future[Glance | None]] = {}
        """Of the next look: who asks while one is under way may know of something that it does not see."""
        self._looking: asyncio.Task[None] | None = None

    async def at(self, job_id: uuid.UUID) -> Glance:
        """The job as it is now. Raises NotFound, and what the database raises."""
        if not self._hub.listening.is_set():
            return await self._by_the_pool(job_id)
        if (found := self._asked.get(job_id)) is None:
            found = self._asked[job_id] = asyncio.get_running_loop().create_future()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="glances")
        try:
            glance = await asyncio.shield(found)
        except Exception as error:
            if not is_away(error):
                raise
            return await self._by_the_pool(job_id)
        if glance is None:
            raise NotFound("no such job")
        return glance

    async def _look(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, {}
                try:
                    ids = list(asked)
                    rows = await (self._hub.fetch(_LOOK_AT_ONE, *ids) if len(ids) == 1 else self._hub.fetch(_LOOK, ids))
                except Exception as error:  # noqa: BLE001 - it is theirs who asked
                    for future in asked.values():
                        future.set_exception(error)
                        future.exception()  # heard: whoever asked may have gone
                    continue
                found = {id_: Glance(id_, JobStatus(status), *rest) for id_, status, *rest in rows}
                for job_id, future in asked.items():
                    future.set_result(found.get(job_id))
        finally:
            self._looking = None

    async def _by_the_pool(self, job_id: uuid.UUID) -> Glance:
        async with self._sessions() as session:
            row = (
                await session.execute(
                    select(Job.id, Job.status, Job.progress, Job.error_message).where(Job.id == job_id)
                )
            ).one_or_none()
        if row is None:
            raise NotFound("no such job")
        return Glance(*row)

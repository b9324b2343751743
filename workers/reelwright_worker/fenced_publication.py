"""Makes what an attempt has finished appear: the files first, then their rows in one fenced transaction, so that no row
ever lacks its file."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.db.models import Job
from reelwright.db.outages import is_away
from reelwright.errors import JobFailed, LeaseLost, NoSpace
from reelwright.jobs import fencing
from reelwright.jobs.fencing import Claim
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

COMMIT_RETRY_S = 1.0
MAX_REFUSALS = 10
"""So often in a row a database that can be asked may fail to commit a result: it is not away then."""


@dataclass(frozen=True, slots=True)
class FencedPublication(ABC):
    """One attempt's results on their way out: all of them, or none. `job`: as it was claimed; in the end they may
    belong to one that took over."""

    sessions: async_sessionmaker[AsyncSession]
    storage: LocalStorage
    claim: Claim
    job: Job

    @abstractmethod
    def _files(self) -> list[tuple[Path, str]]:
        """Return all that is published, and under which key. Keys are the attempt's own: nobody else's file is
        touched."""

    @abstractmethod
    async def _write(self, session: AsyncSession) -> None:
        """Write all rows, and the job's end. Raises LeaseLost, JobFailed."""

    @abstractmethod
    async def _is_written(self, session: AsyncSession) -> bool:
        """Return whether the rows are there: by a commit whose answer was lost."""

    async def publish(self) -> None:
        """Put the files in their places and commit their rows. Raises LeaseLost, JobFailed. Half of it never stays:
        a cancellation waits for the step that is under way."""
        await self._announce()
        try:
            for path, key in self._files():
                await finished(asyncio.to_thread(self.storage.publish, path, key))
        except NoSpace as error:
            await self._withdraw()
            raise JobFailed(error.detail, code="no_space", stage="publish", of_machine=True) from error
        except BaseException:
            await self._withdraw()
            raise
        fault_points.point("renamed, not committed")
        refusals = 0
        while not await finished(self._commit_or_withdraw()):
            refusals = refusals + 1 if await self._answers() else 0
            if refusals == MAX_REFUSALS:
                raise JobFailed(
                    "the database answers, and does not take the result: the log says why",
                    code="database",
                    stage="publish",
                    of_machine=True,
                )
            await asyncio.sleep(COMMIT_RETRY_S)
        # after any other error a commit may have come through: the sweep looks for the row before it removes the file

    async def _announce(self) -> None:
        """Tell the database which folders are filled. Until it knows, nothing is published: its sweep asks there
        whose the files are."""
        folders = sorted({str(PurePosixPath(key).parent) for _, key in self._files()})
        while True:
            try:
                async with self.sessions.begin() as session:
                    await fencing.announce_publication(session, self.claim, folders)
            except Exception as error:
                if not is_away(error):
                    raise
                logger.warning("job %s: publication not announced yet: %r", self.claim.job_id, error)
                await asyncio.sleep(COMMIT_RETRY_S)
            else:
                return

    async def _answers(self) -> bool:
        """Return whether the database can be asked at all, with the same connections."""
        try:
            async with self.sessions() as session:
                await session.execute(select(1))
        except Exception as error:
            if not is_away(error):
                raise
            return False
        return True

    async def _withdraw(self) -> None:
        for _, key in self._files():
            await finished(asyncio.to_thread(self.storage.delete, key))

    async def _commit_or_withdraw(self) -> bool:
        """Do as `_commit`; files that lost their right to rows go at once, also when the caller is cancelled."""
        try:
            return await self._commit()
        except JobFailed:
            await self._withdraw()
            raise

    async def _commit(self) -> bool:
        """Write all rows in one fenced transaction. Return False when its outcome is unknown: done again, it finds
        out. Raises LeaseLost, JobFailed."""
        try:
            async with self.sessions.begin() as session:
                try:
                    await self._write(session)
                except LeaseLost:
                    if not await self._is_written(session):
                        raise
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s: commit not confirmed: %r", self.claim.job_id, error)
            return False
        return True

"""Finds what dead processes left behind: lost jobs, forgotten queue entries, files without rows, stale work folders.

Loops in every worker, outside the queue so that full slots cannot starve them. An advisory lock lets one worker at a
time do what is the database's; each sweeps its own work folder.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.database import is_away
from reelwright.db.models import File, Job
from reelwright.edits.vocabulary import JobStatus
from reelwright.jobs import lifecycle
from reelwright.storage.local import LocalStorage, StoredFile

logger = logging.getLogger(__name__)

_JOBS_LOCK = 0x7265_6170
_FILES_LOCK = 0x7377_6565
_WORK_FOLDER = re.compile(r"([0-9a-f-]{36})-(\d+)", re.ASCII)
BATCH = 500
QUEUE_RETENTION_DAYS = 7


class Reaper:
    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        storage: LocalStorage,
        *,
        work_root: Path,
        interval_s: float,
        orphan_grace_s: float,
    ) -> None:
        self.sessions = sessions
        self.storage = storage
        self.work_root = work_root
        self.interval_s = interval_s
        self.orphan_grace_s = orphan_grace_s

    async def run(self) -> None:
        """Both loops, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat(self.reap_jobs, self.interval_s))
            loops.create_task(self._repeat(self.sweep_files, min(self.orphan_grace_s / 4, 900)))

    async def _repeat(self, work: Callable[[], Awaitable[None]], interval_s: float) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                if not is_away(error):
                    raise
                # the next round may find the database or the disk back
                logger.warning("%s: %r", getattr(work, "__name__", "reaper"), error)
            await asyncio.sleep(interval_s)

    async def reap_jobs(self) -> None:
        async with self.sessions.begin() as session:
            if not await _sole(session, _JOBS_LOCK):
                return
            for job_id, status in await lifecycle.reap_lost(session):
                logger.warning("job %s lost its worker and is %s now", job_id, status.value)
            for job_id in await lifecycle.requeue_forgotten(session):
                logger.warning("job %s had no live queue entry and was queued again", job_id)
            await _finish_abandoned(session)

    async def sweep_files(self) -> None:
        """Remove stored files that no row names and that are older than the grace time, and stale work folders."""
        await self._sweep_work_folders()
        async with self.sessions.begin() as session:
            if not await _sole(session, _FILES_LOCK):
                return
            await _forget_old(session)
            for batch in await asyncio.to_thread(self._old_files):
                known = set(await session.scalars(select(File.key).where(File.key.in_([old.key for old in batch]))))
                for stray in batch:
                    if stray.key not in known:
                        logger.warning("removing %s (%d bytes): no row names it", stray.key, stray.size_bytes)
                        await asyncio.to_thread(self.storage.discard, stray)

    def _old_files(self) -> list[list[StoredFile]]:
        oldest = time.time() - self.orphan_grace_s
        batches: list[list[StoredFile]] = [[]]
        for stored in self.storage.files():
            if stored.modified_at < oldest:
                if len(batches[-1]) == BATCH:
                    batches.append([])
                batches[-1].append(stored)
        return batches

    async def _sweep_work_folders(self) -> None:
        folders = await asyncio.to_thread(lambda: [path for path in self.work_root.glob("*") if path.is_dir()])
        for folder in folders:
            if (found := _WORK_FOLDER.fullmatch(folder.name)) is None:
                continue
            job_id, attempt = uuid.UUID(found[1]), int(found[2])
            async with self.sessions() as session:
                running = await session.scalar(
                    select(Job.id).where(Job.id == job_id, Job.attempt == attempt, Job.status == JobStatus.STARTED)
                )
            if running is None:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _sole(session: AsyncSession, lock: int) -> bool:
    """Whether this transaction is the only one that holds the lock."""
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(lock))))


async def _finish_abandoned(session: AsyncSession) -> None:
    """End queue entries that dead workers hold and whose job has moved on."""
    await session.execute(
        text(
            "SELECT procrastinate_finish_job_v1(q.id, 'aborted', false) FROM procrastinate_jobs q"
            " LEFT JOIN procrastinate_workers w ON w.id = q.worker_id"
            " LEFT JOIN jobs j ON j.queue_job_id = q.id"
            " WHERE q.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '60 seconds')"
            " AND (j.id IS NULL OR j.status NOT IN ('PENDING', 'STARTED'))"
        )
    )


async def _forget_old(session: AsyncSession) -> None:
    """Drop queue entries that ended long ago: the history is in our own rows."""
    await session.execute(
        text(
            "DELETE FROM procrastinate_jobs WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')"
            " AND id IN (SELECT job_id FROM procrastinate_events GROUP BY job_id"
            " HAVING max(at) < now() - make_interval(days => :days) LIMIT 1000)"
        ),
        {"days": QUEUE_RETENTION_DAYS},
    )

"""Finds what dead processes left behind: lost jobs, forgotten queue entries, files without rows, stale work folders.

Loops in every worker, outside the queue so that full slots cannot starve them. An advisory lock lets one worker at a
time do what is the database's; each sweeps its own work folder.

What somebody uses stays, however old: the results of an attempt that holds its job (the database knows), an upload and
a work folder whose process lives (the kernel does, see storage/use.py).
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.database import is_away
from reelwright.db.models import File, Job, Publication
from reelwright.edits.enums import JobStatus
from reelwright.jobs import lifecycle, queue
from reelwright.library.overlay_images import pictures_in_use
from reelwright.library.root_identity import FOREIGN, belongs
from reelwright.storage import in_use
from reelwright.storage.local import LocalStorage, StoredFile

logger = logging.getLogger(__name__)

_JOBS_LOCK = 0x7265_6170
_FILES_LOCK = 0x7377_6565
_WORK_FOLDER = re.compile(r"([0-9a-f-]{36})-(\d+)", re.ASCII)
_NEW_WORK_FOLDER = re.compile(rf"\.{_WORK_FOLDER.pattern}\.[0-9a-f]{{8}}", re.ASCII)
NEW_FOR_S = 60
"""A work folder that is being made has its name long before that."""
BATCH = 500
QUEUE_RETENTION_DAYS = 7
CLAIM_WITHIN_S = 15
"""A worker that fetched a job's queue entry claims the job before that; it waits for a connection at the most."""

_NO_LIVE_ENTRY = text(
    "NOT EXISTS (SELECT FROM procrastinate_jobs q WHERE q.id = jobs.queue_job_id AND (q.status = 'todo'"
    " OR (q.status = 'doing' AND EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = q.id"
    " AND e.type = 'started' AND e.at > now() - make_interval(secs => :claim_within_s)))))"
).bindparams(claim_within_s=CLAIM_WITHIN_S)


class Reaper:
    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        storage: LocalStorage,
        *,
        work_root: Path,
        interval_s: float,
        orphan_grace_s: float,
        patience_s: float = 0.0,
    ) -> None:
        """`patience_s`: leases are judged when the database could be reached for so long. After an outage those of live
        attempts have run out as well: they are renewed first."""
        self.sessions = sessions
        self.storage = storage
        self.work_root = work_root
        self.interval_s = interval_s
        self.orphan_grace_s = orphan_grace_s
        self.patience_s = patience_s
        self._reached_since: float | None = None

    async def run(self) -> None:
        """Both loops, until cancelled."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._repeat(self.reap_jobs, self.interval_s))
            loops.create_task(self._repeat(self.sweep_files, min(self.orphan_grace_s / 4, 900)))

    async def _repeat(self, work: Callable[[], Coroutine[Any, Any, None]], interval_s: float) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # one bad round must not end the rounds: jobs would stay lost
                if is_away(error):
                    self._reached_since = None
                    logger.warning("%s: %r", work.__name__, error)
                else:
                    logger.exception("%s failed", work.__name__)
            await asyncio.sleep(interval_s)

    async def reap_jobs(self) -> None:
        """Each step in a transaction of its own: what one cannot do must not undo the others."""
        for step in (_reap_lost, _requeue_forgotten, _finish_abandoned):
            async with self.sessions.begin() as session:
                sole = await _sole(session, _JOBS_LOCK)
                now = time.monotonic()
                self._reached_since = self._reached_since or now
                too_early = step is _reap_lost and now - self._reached_since < self.patience_s
                if sole and not too_early:
                    await step(session)

    async def sweep_files(self) -> None:
        """Remove stored files that no row names and that are older than the grace time, and stale work folders."""
        async with self.sessions() as session:
            if not await belongs(session, self.storage):
                logger.error(FOREIGN)
                return
        await self._sweep_work_folders()
        async with self.sessions.begin() as session:
            if not await _sole(session, _FILES_LOCK):
                return
            await _forget_old(session)
            batches = self._old_files()
            while batch := await asyncio.to_thread(next, batches, None):
                await self._remove_strays(session, batch)

    async def _remove_strays(self, session: AsyncSession, batch: list[StoredFile]) -> None:
        """In this order: what an attempt or an upload has just let go of has its row by then."""
        unheld = await asyncio.to_thread(lambda: [old for old in batch if not self.storage.held(old)])
        known = await _in_publication(session, {_folder(old.key) for old in unheld})
        rows = set(await session.scalars(select(File.key).where(File.key.in_([old.key for old in unheld]))))
        rows |= (await pictures_in_use(session)).keys()
        for stray in unheld:
            if stray.key not in rows and _folder(stray.key) not in known:
                usual = stray.key.startswith("pictures/")  # those have no rows: jobs need them for a while
                level = logging.INFO if usual else logging.WARNING
                logger.log(level, "removing %s (%d bytes): no row names it", stray.key, stray.size_bytes)
                await asyncio.to_thread(self.storage.discard, stray)

    def _old_files(self) -> Iterator[list[StoredFile]]:
        oldest = self.storage.now() - self.orphan_grace_s
        old = (stored for stored in self.storage.files() if stored.changed_at < oldest)
        while batch := list(islice(old, BATCH)):
            yield batch

    async def _sweep_work_folders(self) -> None:
        """Remove those that no process holds and no attempt needs that this database has; others may use the root."""
        folders = await asyncio.to_thread(self._work_folders)
        for number in range(0, len(folders), BATCH):
            batch = dict(folders[number : number + BATCH])
            async with self.sessions() as session:
                rows = await session.execute(
                    select(Job.id, Job.attempt).where(
                        Job.id.in_({job_id for job_id, _ in batch}), Job.status == JobStatus.STARTED
                    )
                )
            running = {(job_id, attempt) for job_id, attempt in rows}
            await asyncio.to_thread(_remove_unheld, [path for attempt, path in batch.items() if attempt not in running])

    def _work_folders(self) -> list[tuple[tuple[uuid.UUID, int], Path]]:
        """By job and attempt. What a process that died had only begun to make goes at once."""
        found = []
        for path in self.work_root.glob("*"):
            if (named := _WORK_FOLDER.fullmatch(path.name)) and path.is_dir():
                found.append(((uuid.UUID(named[1]), int(named[2])), path))
            elif (
                _NEW_WORK_FOLDER.fullmatch(path.name)
                and path.stat().st_ctime < in_use.clock(self.work_root) - NEW_FOR_S
            ):
                _remove_unheld([path])
        return found


def _remove_unheld(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(FileNotFoundError):
            if not in_use.held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _folder(key: str) -> str:
    return str(PurePosixPath(key).parent)


async def _in_publication(session: AsyncSession, folders: set[str]) -> set[str]:
    """Those of the folders that an attempt which still holds its job is about to fill."""
    held = and_(Job.id == Publication.job_id, Job.attempt == Publication.attempt, Job.status == JobStatus.STARTED)
    return set(await session.scalars(select(Publication.folder).join(Job, held).where(Publication.folder.in_(folders))))


async def _sole(session: AsyncSession, lock: int) -> bool:
    """Whether this transaction is the only one that holds the lock."""
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(lock))))


async def _reap_lost(session: AsyncSession) -> None:
    for job_id, status in await lifecycle.reap_lost(session):
        logger.warning("job %s lost its worker and is %s now", job_id, status.value, extra={"job_id": str(job_id)})


async def _requeue_forgotten(session: AsyncSession) -> None:
    """Queue PENDING jobs again whose queue entry is gone, ended, or was fetched and led to no claim.

    The claim follows the fetch at once, unless the worker died or the answer to its fetch was lost on the way. One
    that is only slow finds the job taken: two entries are harmless.
    """
    forgotten = await session.scalars(
        select(Job).where(Job.status == JobStatus.PENDING, _NO_LIVE_ENTRY).with_for_update(skip_locked=True)
    )
    for job in forgotten.all():
        job.queue_job_id = await queue.defer(session, job.id, priority=job.priority)
        logger.warning("job %s had no live queue entry and was queued again", job.id, extra={"job_id": str(job.id)})


async def _finish_abandoned(session: AsyncSession) -> None:
    """End queue entries that dead workers hold and whose job has moved on.

    procrastinate's own function raises for an entry that its worker, not so dead, ends at the same time.
    """
    await session.execute(
        text(
            "UPDATE procrastinate_jobs SET status = 'aborted', abort_requested = false WHERE status = 'doing'"
            " AND id IN (SELECT q.id FROM procrastinate_jobs q"
            " LEFT JOIN procrastinate_workers w ON w.id = q.worker_id LEFT JOIN jobs j ON j.queue_job_id = q.id"
            " WHERE q.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '60 seconds')"
            " AND (j.id IS NULL OR j.status NOT IN ('PENDING', 'STARTED')))"
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

"""Removes from the disk what nobody needs: stored files that no row names, work folders of attempts that ended, the
bytes of uploads that were given up.

What somebody uses stays, however old: the results of an attempt that holds its job (the database knows), an upload and
a work folder whose process lives (the kernel does, see storage/in_use.py).
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File, Job, Publication, Upload
from reelwright.db.models.uploads import UNFINISHED
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.library.drawn_files import drawn_files_in_use, subtitles_key
from reelwright.storage import file_clock, in_use, upload_pieces
from reelwright.storage.local import LocalStorage, StoredFile

logger = logging.getLogger(__name__)

_WORK_FOLDER = re.compile(r"([0-9a-f-]{36})-(\d+)", re.ASCII)
_NEW_WORK_FOLDER = re.compile(rf"\.{_WORK_FOLDER.pattern}\.[0-9a-f]{{8}}", re.ASCII)
NEW_FOR_S = 60
"""A work folder that is being made has its name long before that."""
BATCH = 500
_HELD = and_(Job.id == Publication.job_id, Job.attempt == Publication.attempt, Job.status == JobStatus.STARTED)


@dataclass(frozen=True, slots=True)
class Sweep:
    """`orphan_grace_s`: a file without a row is removed when it is older."""

    storage: LocalStorage
    work_root: Path
    orphan_grace_s: float

    async def publications(self, session: AsyncSession) -> None:
        """Forget those of attempts that have lost their job, or failed: one that succeeds does so itself."""
        await session.execute(delete(Publication).where(~exists().where(_HELD)))

    async def stored_files(self, session: AsyncSession) -> None:
        """Remove stored files that no row names and that are older than the grace time."""
        batches = self._old_files()
        while batch := await asyncio.to_thread(next, batches, None):
            await self._remove_strays(session, batch)

    async def _remove_strays(self, session: AsyncSession, batch: list[StoredFile]) -> None:
        """In this order: what an attempt or an upload has just let go of has its row by then."""
        unheld = await asyncio.to_thread(lambda: [old for old in batch if not self.storage.held(old)])
        known = await _in_publication(session, {_folder(old.key) for old in unheld})
        rows = set(await session.scalars(select(File.key).where(File.key.in_([old.key for old in unheld]))))
        used = await drawn_files_in_use(session)
        rows |= used.keys() | {subtitles_key(sha256) for sha256 in used.values()}  # drawn of what was laid out
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

    async def work_folders(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Remove those that no process holds and no attempt needs that this database has; others may use the root."""
        folders = await asyncio.to_thread(self._work_folders)
        for number in range(0, len(folders), BATCH):
            batch = dict(folders[number : number + BATCH])
            async with sessions() as session:
                rows = await session.execute(
                    select(Job.id, Job.attempt).where(
                        Job.id.in_({job_id for job_id, _ in batch}), Job.status == JobStatus.STARTED
                    )
                )
            running = {(job_id, attempt) for job_id, attempt in rows}
            await asyncio.to_thread(_remove_unheld, [path for attempt, path in batch.items() if attempt not in running])

    async def uploads(self, session: AsyncSession) -> None:
        """Forget uploads that have expired, and remove the bytes of those that are not, or no longer, on their way."""
        over = and_(Upload.expires_at < func.now(), or_(Upload.lease_until.is_(None), Upload.lease_until < func.now()))
        expired = await session.execute(delete(Upload).where(over).returning(Upload.id, Upload.state))
        for upload_id, state in expired.all():
            if state in UNFINISHED:
                logger.info("upload %s has expired (UPLOAD_EXPIRY_S)", upload_id)
        await session.commit()  # a row first, then its bytes
        folders = await asyncio.to_thread(lambda: [found for found, _ in upload_pieces.folders(self.storage)])
        for number in range(0, len(folders), BATCH):
            batch = folders[number : number + BATCH]
            needed = select(Upload.id).where(Upload.id.in_(batch), Upload.state.in_(UNFINISHED))
            kept = set(await session.scalars(needed))
            await session.commit()  # nothing is open while bytes are removed
            await asyncio.to_thread(upload_pieces.remove, self.storage, [one for one in batch if one not in kept])

    def _work_folders(self) -> list[tuple[tuple[uuid.UUID, int], Path]]:
        """By job and attempt. What a process that died had only begun to make goes at once."""
        folders = []
        for path in self.work_root.glob("*"):
            if (named := _WORK_FOLDER.fullmatch(path.name)) and path.is_dir():
                folders.append(((uuid.UUID(named[1]), int(named[2])), path))
            elif (
                _NEW_WORK_FOLDER.fullmatch(path.name)
                and path.stat().st_ctime < file_clock.clock(self.work_root) - NEW_FOR_S
            ):
                _remove_unheld([path])
        return folders


def _remove_unheld(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(FileNotFoundError):
            if not in_use.held(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _folder(key: str) -> str:
    return str(PurePosixPath(key).parent)


async def _in_publication(session: AsyncSession, folders: set[str]) -> set[str]:
    """Those of the folders that an attempt which still holds its job is about to fill."""
    return set(
        await session.scalars(select(Publication.folder).join(Job, _HELD).where(Publication.folder.in_(folders)))
    )

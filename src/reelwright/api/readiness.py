"""Whether the service can work: its database, its queue, its storage, its media processes, each by trying it.

/ready needs no credentials, so what starts processes or writes files is tried seldom, once for all who ask.
"""

from __future__ import annotations

import asyncio
import subprocess
import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.api.schemas.about import CheckOut
from reelwright.db.models import Storage
from reelwright.db.revisions import known_revisions, newest_revision
from reelwright.db.schema_version import Schema
from reelwright.errors import MediaProcessFailed
from reelwright.jobs import living_workers
from reelwright.jobs.notifier import JobNotifier
from reelwright.library.root_identity import FOREIGN
from reelwright.media.ffmpeg import executable, system_call_trial
from reelwright.media.sandbox import kernel_support
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

_NEWEST, _KNOWN = newest_revision(), known_revisions()
CHECK_TIMEOUT_S = 5
MEDIA_KEEP_S = 10.0
STORAGE_KEEP_S = 2.0


class Readiness:
    """Every part that the service needs, checked at the same time."""

    def __init__(
        self,
        settings: Settings,
        sessions: async_sessionmaker[AsyncSession],
        storage: LocalStorage,
        notifier: JobNotifier,
    ) -> None:
        self._sessions = sessions
        self._storage = storage
        self._notifier = notifier
        self._media_checks = MediaChecks(settings)
        self._storage_check = StorageCheck(storage)

    async def check(self) -> tuple[list[CheckOut], bool]:
        """Return the checks, and whether no worker takes jobs. Raises nothing: what fails is an answer too."""
        database, (queue, stands_still), storage, media = await asyncio.gather(
            self._check_database(), self._check_queue(), self._check_storage(), self._media_checks.checks()
        )
        return [database, queue, storage, *media], stands_still

    async def _check_database(self) -> CheckOut:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S), self._sessions() as session:
                revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            return CheckOut(name="database", ok=False, detail=f"cannot be asked: {type(error).__name__}")
        schema = Schema(revision, _NEWEST, _KNOWN)
        return CheckOut(name="database", ok=not schema.is_behind, detail=schema.remark)

    async def _check_queue(self) -> tuple[CheckOut, bool]:
        """Return the check, and whether no worker takes jobs. Only hearing of jobs can fail apart from the database."""
        if not self._notifier.listening.is_set():
            return CheckOut(name="queue", ok=False, detail="not listening for news of jobs"), False
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S), self._sessions() as session:
                workers = await living_workers.workforce(session)
        except Exception as error:  # noqa: BLE001 - as above
            return CheckOut(name="queue", ok=False, detail=f"cannot be asked: {type(error).__name__}"), False
        return CheckOut(name="queue", ok=True, detail=workers.remark), workers.stands_still

    async def _check_storage(self) -> CheckOut:
        problem = await self._storage_check.problem()
        if problem is None and (identity := await asyncio.to_thread(self._storage.identity)) is not None:
            try:
                async with asyncio.timeout(CHECK_TIMEOUT_S), self._sessions() as session:
                    problem = None if await session.get(Storage, identity) else FOREIGN
            except Exception as error:  # noqa: BLE001 - as above
                problem = f"its database cannot be asked: {type(error).__name__}"
        return CheckOut(name="storage", ok=problem is None, detail=problem)


class MediaChecks:
    """ffmpeg and its containment, tried at most once in `keep_s` for all who ask, whatever came of it."""

    def __init__(self, settings: Settings, *, keep_s: float = MEDIA_KEEP_S) -> None:
        self._settings = settings
        self._keep_s = keep_s
        self._asking = asyncio.Lock()
        self._checks: tuple[CheckOut, ...] = ()
        self._checked_at_s = 0.0

    async def checks(self) -> tuple[CheckOut, ...]:
        """Return the checks `ffmpeg` and `containment`. Raises nothing: what fails is an answer too."""
        async with self._asking:
            if not self._checks or time.monotonic() - self._checked_at_s >= self._keep_s:
                self._checks = (await self._ffmpeg(), await self._containment())
                self._checked_at_s = time.monotonic()
            return self._checks

    async def _ffmpeg(self) -> CheckOut:
        try:
            if not self._checks:
                await system_call_trial.settle(self._settings)
            version = await executable.version(self._settings)
        except MediaProcessFailed as error:
            return CheckOut(name="ffmpeg", ok=False, detail=error.detail)
        except TimeoutError:
            return CheckOut(name="ffmpeg", ok=False, detail="does not answer")
        return CheckOut(name="ffmpeg", ok=True, detail=version)

    async def _containment(self) -> CheckOut:
        """What the kernel lacks is said, and is no reason to stop; a launcher that does not start is one."""
        try:
            missing = (await asyncio.to_thread(kernel_support.available)).missing
        except MediaProcessFailed as error:
            return CheckOut(name="containment", ok=False, detail=error.detail)
        except (subprocess.TimeoutExpired, OSError) as error:
            return CheckOut(name="containment", ok=False, detail=f"cannot be tried: {type(error).__name__}")
        return CheckOut(name="containment", ok=True, detail="; ".join(missing) or None)


class StorageCheck:
    """MEDIA_ROOT, tried at most once in STORAGE_KEEP_S for all who ask."""

    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage
        self._asking = asyncio.Lock()
        self._problem: str | None = None
        self._good_until = -float("inf")

    async def problem(self) -> str | None:
        """Return what is wrong, None when nothing is."""
        async with self._asking:
            if time.monotonic() > self._good_until:
                trouble = await asyncio.to_thread(self._storage.trouble)
                self._problem = None if trouble is None else trouble.detail
                self._good_until = time.monotonic() + STORAGE_KEEP_S
            return self._problem

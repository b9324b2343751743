"""Whether this machine can work now: its disks, its ffmpeg, its own resources. While it cannot, no job is taken.

Looked at before each fetch of a job (cheaply), every few seconds (a file is written), and when an attempt failed in a
way that may be the machine's (all of it). What is found is logged once, told by the metrics, and written where the API
reads it (jobs/living_workers.py); it passes by itself when a later look finds all well.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import uuid
from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.cancellation import set_within
from reelwright.capacity import reservations
from reelwright.capacity.machine_resources import PlaceLook, WorkPlace
from reelwright.db.outages import is_away
from reelwright.errors import JobFailed
from reelwright.jobs import able_workers, living_workers, room, toolchains
from reelwright.machine_faults import hindered
from reelwright.media.encoders import hardware
from reelwright.media.ffmpeg import capabilities, executable, system_call_trial, toolchain
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.toolchain import Toolchain
from reelwright.settings import Settings
from reelwright.storage import disk_space
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)

HINDERED_LOOK_S = 1.5
"""Between looks at what does not work."""
LOOK_S = 10.0
"""Between looks at what works."""
GLANCE_TIMEOUT_S = 5.0
"""How long the disks may take to say what is free: one behind a network that is gone says nothing."""
REPORT_TIMEOUT_S = 5.0
"""How long the database may take to hear of it."""

_SILENT = JobFailed(
    f"WORK_ROOT, MEDIA_ROOT: a disk has not said for {GLANCE_TIMEOUT_S:.0f} s what is free: is its server away?",
    code="storage",
    of_machine=True,
)


class MachineHealth:
    """Looks at this machine. `name`: of this worker. `trouble`: what keeps it from work, None when nothing does."""

    def __init__(
        self, settings: Settings, place: WorkPlace, sessions: async_sessionmaker[AsyncSession], *, name: str
    ) -> None:
        self.name = name
        self.trouble: JobFailed | None = None
        self.look: PlaceLook | None = None
        """When it was last asked whether a job may be taken; None where a disk was away."""
        self._settings = settings
        self._place = place
        self._storage = place.storage
        self._sessions = sessions
        self.capabilities: Capabilities
        """What ffmpeg can do here; there once a look has found that it runs, as what names it."""
        self.toolchain: Toolchain
        self._root: tuple[uuid.UUID, tuple[int, int]] | None = None
        """MEDIA_ROOT when it was last seen with its id: that, and which folder it was."""
        self._looking = asyncio.Lock()
        self._last_reported: str | None = None
        self._changed = asyncio.Event()

    async def able(self) -> bool:
        """Return whether a job may be taken, and keep what there was for one (`look`). Costs some microseconds of
        system calls."""
        if self.trouble is None:
            try:
                async with asyncio.timeout(GLANCE_TIMEOUT_S):
                    trouble, self.look = await asyncio.to_thread(self._glance)
            except TimeoutError:
                trouble, self.look = _SILENT, None
            if trouble is not None:
                self._set(trouble)
        return self.trouble is None

    async def examine(self) -> bool:
        """Look at all of it. Return whether it can work."""
        async with self._looking:
            self._set(await self._disks() or await self._ffmpeg())
        return self.trouble is None

    async def watch(self) -> None:
        """Look again and again, and report what is found, until cancelled."""
        while True:
            try:
                if self.trouble is not None:
                    await self.examine()
                else:
                    async with self._looking:
                        self._set(await self._disks())
                await self.report()
            except Exception:  # who does not look any more would never work again
                logger.exception("this machine could not be looked at")
            pause_s = LOOK_S if self.trouble is None else HINDERED_LOOK_S
            self._changed.clear()
            await set_within(self._changed, pause_s)

    async def leave(self) -> None:
        """Withdraw what was reported: the worker ends."""
        if hasattr(self, "capabilities"):
            await self._write(lambda session: able_workers.withdraw(session, self.name))
        if self._last_reported is not None:
            await self._write(lambda session: living_workers.withdraw_hindrance(session, self.name))

    def capacity_bytes(self) -> int:
        """Return the bytes that the smaller of the disks would have for one job if it were empty. A file system without
        a size has no end."""
        most = self._place.capacity()
        return min((size for size in (most.work_bytes, most.media_bytes) if size is not None), default=sys.maxsize)

    def _glance(self) -> tuple[JobFailed | None, PlaceLook | None]:
        """Return what shows without a trial: what keeps this machine from work, else what there is."""
        trouble = self._obvious()
        return trouble, None if trouble else self._place.seen()

    def _obvious(self) -> JobFailed | None:
        reserve_bytes = self._settings.disk_reserve_bytes
        for name, folder in (("WORK_ROOT", self._settings.work_path), ("MEDIA_ROOT", self._storage.root)):
            try:
                free_bytes = disk_space.free_bytes(folder)
            except OSError as error:
                return hindered(error, at=name)
            if free_bytes <= reserve_bytes:
                return disk_space.trouble(folder, reserve_bytes, name)
        if shutil.which(executable.ffmpeg_path(self._settings)) is None:
            return JobFailed(
                f"FFMPEG_BIN={executable.ffmpeg_path(self._settings)}: there is no such program",
                code="cannot_start",
                of_machine=True,
            )
        return None

    async def _disks(self) -> JobFailed | None:
        def look() -> JobFailed | None:
            reserve_bytes = self._settings.disk_reserve_bytes
            try:
                if (gone := self._unmounted()) is not None:
                    return gone
                self._storage.prepare()
                self._settings.work_path.mkdir(mode=0o750, parents=True, exist_ok=True)
            except OSError as error:
                return hindered(error, at="MEDIA_ROOT") or JobFailed(str(error), code="storage", of_machine=True)
            return disk_space.trouble(self._settings.work_path, reserve_bytes, "WORK_ROOT") or self._storage.trouble()

        return await asyncio.to_thread(look)

    def _unmounted(self) -> JobFailed | None:
        """Find out whether another folder is at the place of MEDIA_ROOT: where a disk is gone, the folder below it
        shows."""
        root = self._storage.root
        identity = self._storage.identity()
        if self._root is not None and identity != self._root[0]:
            status = root.stat()
            if (status.st_dev, status.st_ino) != self._root[1]:
                return JobFailed(
                    "MEDIA_ROOT is not the folder that it was: is its disk mounted?", code="storage", of_machine=True
                )
        if identity is not None:
            status = root.stat()
            self._root = identity, (status.st_dev, status.st_ino)
        return None

    async def _ffmpeg(self) -> JobFailed | None:
        """Start ffmpeg: that it runs shows also that processes can be started at all."""
        try:
            if not hasattr(self, "capabilities"):
                await executable.version(self._settings)
                await system_call_trial.settle(self._settings)
                encoders = await hardware.hardware_encoders(self._settings)
                known = await capabilities.capabilities(self._settings)
                able = msgspec.structs.replace(known, hardware=encoders)
                self.toolchain = await toolchain.toolchain(self._settings, able)
                self.capabilities = able
                logger.info(
                    "ffmpeg %s, %d threads, encoders in hardware: %s",
                    known.ffmpeg_version,
                    known.threads,
                    ", ".join(encoders) or "none",
                )
            else:
                await executable.version(self._settings)
        except JobFailed as error:
            return JobFailed(f"FFMPEG_BIN: {error.detail}", code="cannot_start", of_machine=True)
        except (OSError, MemoryError) as error:
            return hindered(error, at="the machine") or JobFailed(str(error), code="exhausted", of_machine=True)
        return None

    def _set(self, trouble: JobFailed | None) -> None:
        if (trouble and trouble.code) != (self.trouble and self.trouble.code):
            self._changed.set()
            if self.trouble is not None:
                metrics.HINDERED.labels(self.trouble.code).set(0)
            if trouble is not None:
                metrics.HINDERED.labels(trouble.code).set(1)
                logger.error("no jobs are taken: %s", trouble.detail, extra={"code": trouble.code})
            else:
                logger.info("jobs are taken again")
        self.trouble = trouble

    async def report(self) -> None:
        """Write what the machine can do, by which toolchain results are made here, and what keeps it from work, again
        and again while something does."""
        if hasattr(self, "capabilities"):
            await self._publish()
        if hasattr(self, "toolchain"):
            await self._write(lambda session: toolchains.report(session, self.toolchain))
        if (trouble := self.trouble) is not None:
            if await self._write(
                lambda session: living_workers.report_hindrance(session, self.name, trouble.code, trouble.detail)
            ):
                self._last_reported = trouble.code
        elif self._last_reported is not None and await self._write(
            lambda session: living_workers.withdraw_hindrance(session, self.name)
        ):
            self._last_reported = None

    async def _publish(self) -> None:
        try:
            capacity = await asyncio.to_thread(self._place.capacity)
        except OSError:
            return  # a disk is away: that is what it has to tell now
        slots = self._settings.max_concurrent_jobs
        await self._write(
            lambda session: able_workers.publish(session, self.name, self.capabilities, capacity, slots=slots)
        )
        await self._write(reservations.forget_dead)
        await self._write(lambda session: room.look_again(session, self._place, everywhere=True))

    async def _write(self, write: Callable[[AsyncSession], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(REPORT_TIMEOUT_S), self._sessions.begin() as session:
                await write(session)
        except Exception as error:  # one row that nobody can read must not keep every worker from its work
            if is_away(error):
                logger.warning("the database was not told how this machine is: %r", error)
            else:
                logger.exception("what this machine does beside its jobs failed")
            return False
        return True

"""Room for files that come in: reserved beside that of jobs, as they share the storage's disk.

Only of large ones whose size is known: DISK_RESERVE_BYTES is there for the others, and for what is small. A reservation
lives as long as its request, or, of a file that comes in several, from one to the next; and it is not asked whether the
database is away: the file's row will be.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.cancellation import finished
from reelwright.capacity import machine_resources, reservations, who_gets_room
from reelwright.db.outages import is_away
from reelwright.db.sessions import outside
from reelwright.errors import NoSpace
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

LARGE_BYTES = 64 << 20
LASTS_S = 30.0
RENEWED_S = 8.0
"""A process that dies renews nothing: what it held comes free by itself."""


class ArrivingFile:
    """One that is on its way: how much of it has come, and when its room was last reserved."""

    def __init__(self, size_bytes: int, *, holder: uuid.UUID | None = None, received_bytes: int = 0) -> None:
        """`size_bytes`: 0 where it is not known; `received_bytes`: by requests before."""
        self.holder = holder or uuid.uuid4()
        self.size_bytes = size_bytes
        self.received_bytes = received_bytes
        self.reserved_at: float | None = None
        """On the clock of `time.monotonic`. None: nothing is reserved."""
        self.disk = ""
        """On which it is."""

    async def counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass on what comes, and count it."""
        async for chunk in chunks:
            self.received_bytes += len(chunk)
            yield chunk

    @property
    def renewed_in_s(self) -> float:
        """So long the reservation is good as it is."""
        return 0.0 if self.reserved_at is None else self.reserved_at + RENEWED_S - time.monotonic()


@asynccontextmanager
async def room_for(
    sessions: async_sessionmaker[AsyncSession], storage: LocalStorage, size_bytes: int
) -> AsyncIterator[ArrivingFile]:
    """Reserve the storage's disk for a file while it comes in. Raises NoSpace where there is no room beside what
    running work may still take."""
    file = ArrivingFile(size_bytes)
    async with room_held(sessions, storage, file):
        try:
            yield file
        finally:
            await give_back(sessions, file)


@asynccontextmanager
async def room_held(
    sessions: async_sessionmaker[AsyncSession], storage: LocalStorage, file: ArrivingFile
) -> AsyncIterator[None]:
    """Reserve the disk for what is missing of a file, while one of its requests brings more; afterwards it lasts until
    the next one comes, at most LASTS_S. Raises NoSpace as `room_for`."""
    if file.size_bytes < LARGE_BYTES:
        yield
        return
    if file.renewed_in_s <= 0:
        file.disk = await asyncio.to_thread(machine_resources.media_disk, storage)
        with outside():
            async with sessions.begin() as session:
                await _reserve(session, storage, file)
        file.reserved_at = time.monotonic()
    renewing = asyncio.create_task(_renew(sessions, file), name="room for an upload")
    try:
        yield
    finally:
        renewing.cancel()
        await finished(asyncio.wait([renewing]))


async def give_back(sessions: async_sessionmaker[AsyncSession], file: ArrivingFile) -> None:
    """Let others have what was reserved for a file: it is there, or comes no more."""
    if file.reserved_at is None:
        return
    file.reserved_at = None
    await finished(_release(sessions, file))


async def _reserve(session: AsyncSession, storage: LocalStorage, file: ArrivingFile) -> None:
    disk = file.disk
    have = {disk: await asyncio.to_thread(storage.free_bytes)}
    missing_bytes = file.size_bytes - file.received_bytes
    needs = {disk: file.size_bytes}
    found = await reservations.reserve(session, file.holder, needs, of=have, machine="", what="upload", lasts_s=LASTS_S)
    if (short := who_gets_room.shortage({disk: missing_bytes}, have, found.spoken_for)) is not None:
        kept_bytes = found.spoken_for.get(disk, 0)
        raise NoSpace(
            f"there is no room for {missing_bytes} more bytes on the storage disk: {short.free} are free, beside"
            f" {storage.reserve_bytes} that must stay free and {kept_bytes} that jobs and uploads at work may take"
        )
    if file.received_bytes:
        await _say(session, file)


async def _renew(sessions: async_sessionmaker[AsyncSession], file: ArrivingFile) -> None:
    while True:
        due_in_s = file.renewed_in_s
        await asyncio.sleep(due_in_s if due_in_s > 0 else RENEWED_S)
        asked_at = time.monotonic()
        try:
            async with asyncio.timeout(LASTS_S), sessions.begin() as session:
                is_there = await _say(session, file)
            # the next request reserves anew what was forgotten while the database was away
            file.reserved_at = asked_at if is_there else None
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("an upload goes on without its reservation: %r", error)


async def _say(session: AsyncSession, file: ArrivingFile) -> bool:
    return await reservations.renew(
        session, file.holder, lasts_s=LASTS_S, disk=file.disk, used_bytes=file.received_bytes
    )


async def _release(sessions: async_sessionmaker[AsyncSession], file: ArrivingFile) -> None:
    try:
        async with sessions.begin() as session:
            await reservations.release(session, file.holder)
    except Exception as error:
        if not is_away(error):
            raise
        logger.warning("what an upload had reserved comes free only later: %r", error)

"""Room for files that come in: reserved beside that of jobs, as they share the storage's disk.

Only of large ones whose size is known: DISK_RESERVE_BYTES is there for the others, and for what is small. A reservation
lives as long as its request, and is not asked whether the database is away: the file's row will be.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.cancellation import finished
from reelwright.capacity import place, reservations, rule
from reelwright.db.database import is_away
from reelwright.errors import NoSpace
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

LARGE_BYTES = 64 << 20
LASTS_S = 30.0
RENEWED_S = 8.0
"""A process that dies renews nothing: what it held comes free by itself."""


class ArrivingFile:
    """One that is on its way: how much of it has come."""

    def __init__(self) -> None:
        self.holder = uuid.uuid4()
        self.received_bytes = 0

    async def counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass on what comes, and count it."""
        async for chunk in chunks:
            self.received_bytes += len(chunk)
            yield chunk


@asynccontextmanager
async def room_for(
    sessions: async_sessionmaker[AsyncSession], storage: LocalStorage, size_bytes: int
) -> AsyncIterator[ArrivingFile]:
    """Reserve the storage's disk for a file while it comes in. Raises NoSpace where there is no room beside what
    running work may still take."""
    incoming = ArrivingFile()
    if size_bytes < LARGE_BYTES:
        yield incoming
        return
    disk = await asyncio.to_thread(place.media_disk, storage)
    async with sessions.begin() as session:
        await _reserve(session, storage, incoming, disk, size_bytes)
    renewing = asyncio.create_task(_renew(sessions, incoming, disk), name="room for an upload")
    try:
        yield incoming
    finally:
        renewing.cancel()
        await finished(_release(sessions, incoming, renewing))


async def _reserve(
    session: AsyncSession, storage: LocalStorage, incoming: ArrivingFile, disk: str, size_bytes: int
) -> None:
    have = {disk: await asyncio.to_thread(storage.free_bytes)}
    found = await reservations.room(session, have, machine="")
    if (short := rule.shortage({disk: size_bytes}, have, found.spoken_for)) is not None:
        kept_bytes = found.spoken_for.get(disk, 0)
        raise NoSpace(
            f"there is no room for {size_bytes} more bytes on the storage disk: {short.free} are free, beside"
            f" {storage.reserve_bytes} that must stay free and {kept_bytes} that jobs and uploads at work may take"
        )
    await reservations.reserve(session, incoming.holder, {disk: size_bytes}, what="upload", lasts_s=LASTS_S)


async def _renew(sessions: async_sessionmaker[AsyncSession], incoming: ArrivingFile, disk: str) -> None:
    while True:
        await asyncio.sleep(RENEWED_S)
        try:
            async with asyncio.timeout(LASTS_S), sessions.begin() as session:
                await reservations.renew(
                    session, incoming.holder, lasts_s=LASTS_S, disk=disk, used_bytes=incoming.received_bytes
                )
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("an upload goes on without its reservation: %r", error)


async def _release(
    sessions: async_sessionmaker[AsyncSession], incoming: ArrivingFile, renewing: asyncio.Task[None]
) -> None:
    await asyncio.wait([renewing])
    try:
        async with sessions.begin() as session:
            await reservations.release(session, incoming.holder)
    except Exception as error:
        if not is_away(error):
            raise
        logger.warning("what an upload had reserved comes free only later: %r", error)

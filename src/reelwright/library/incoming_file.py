"""A stranger's file on its way in: bytes to disk as they arrive, hashed, then published for good. Or nothing at all."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.db.database import is_away
from reelwright.errors import NoSpace, UnreadableMedia
from reelwright.storage import in_use
from reelwright.storage.local import LocalStorage

BATCH_BYTES = 1 << 20
SPACE_CHECK_BYTES = 256 << 20
LONGEST_HELD_S = 5.0
"""What a slow client sends is written so often: the file shows that it is alive."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One file that is coming in, in a folder of its own: a hostile file sees no sibling."""

    storage: LocalStorage
    place: str
    """The folder as keys begin: `uploads/<id>`."""

    @property
    def folder(self) -> Path:
        return self.storage.root / self.place

    @property
    def path(self) -> Path:
        return self.folder / ".incoming"

    async def take(self, chunks: AsyncIterator[bytes]) -> tuple[int, str]:
        """Write all; returns size in bytes and SHA-256. Raises NoSpace, UnreadableMedia (empty), what `chunks` raises.

        No thread writes any more when this ends, however it does.
        """
        writer = await finished(asyncio.to_thread(_Writer, self.path, self.storage))
        batch: list[bytes] = []
        held_bytes = 0
        clock = asyncio.get_running_loop()
        written_at = clock.time()
        try:
            async for chunk in chunks:
                batch.append(chunk)
                held_bytes += len(chunk)
                if held_bytes >= BATCH_BYTES or clock.time() - written_at > LONGEST_HELD_S:
                    await finished(asyncio.to_thread(writer.write, batch))
                    batch, held_bytes, written_at = [], 0, clock.time()
            await finished(asyncio.to_thread(writer.write, batch))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoSpace("the storage disk is full") from error
            raise
        finally:
            writer.file.close()
        if writer.size_bytes == 0:
            raise UnreadableMedia("the file is empty")
        return writer.size_bytes, writer.hash.hexdigest()

    async def publish(self, extension: str) -> str:
        """Make it durable; returns the key that its row will name."""
        key = f"{self.place}/source{extension}"
        await finished(asyncio.to_thread(self.storage.publish, self.path, key))
        fault_points.point("upload stored, not inserted")
        await asyncio.to_thread(self.path.unlink)
        return key


@asynccontextmanager
async def incoming(place: str, storage: LocalStorage, *, expected_bytes: int) -> AsyncIterator[Incoming]:
    """A folder to take a file into, held meanwhile; it goes on any error. `expected_bytes` is what the client said:
    NoSpace at once when there is no room."""
    await asyncio.to_thread(storage.require_space, expected_bytes)
    arriving = Incoming(storage, place)
    await asyncio.to_thread(arriving.folder.mkdir, mode=0o750, parents=True)
    try:
        async with _holding(arriving.folder):
            yield arriving
    except BaseException:
        await finished(asyncio.to_thread(_discard, arriving.folder))
        raise


@asynccontextmanager
async def kept_if_committed(key: str, storage: LocalStorage) -> AsyncIterator[None]:
    """The caller inserts the row inside, and the file's folder is held until that has ended: when it fails, the file
    goes.

    When it is unknown whether the commit came through (the connection broke, or the request was cancelled), the file
    stays: if no row names it, the reaper's sweep removes it.
    """
    try:
        async with _holding(storage.path(key).parent):
            yield
    except Exception as error:
        if not is_away(error):
            await finished(asyncio.to_thread(storage.delete, key))
        raise


@asynccontextmanager
async def _holding(folder: Path) -> AsyncIterator[None]:
    opening = asyncio.ensure_future(asyncio.to_thread(in_use.hold, folder))
    try:
        await finished(opening)
        yield
    finally:
        if opening.exception() is None:
            os.close(opening.result())


def _discard(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


class _Writer:
    """Blocking side: writes and hashes whole batches in a worker thread."""

    def __init__(self, path: Path, storage: LocalStorage) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self.file = os.fdopen(descriptor, "wb", buffering=0)
        self.storage = storage
        self.hash = hashlib.sha256()
        self.size_bytes = 0
        self.unchecked_bytes = 0

    def write(self, batch: list[bytes]) -> None:
        for chunk in batch:
            view = memoryview(chunk)
            self.hash.update(view)
            self.size_bytes += len(view)
            self.unchecked_bytes += len(view)
            while view:
                view = view[self.file.write(view) :]
        if self.unchecked_bytes >= SPACE_CHECK_BYTES:
            self.unchecked_bytes = 0
            self.storage.require_space(0)

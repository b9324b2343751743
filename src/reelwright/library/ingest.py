"""Takes an upload in: bytes to disk as they arrive, hashed on the way, probed, then one row. Or nothing at all."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import faults
from reelwright.db.database import is_away
from reelwright.db.models import File, Video, new_id
from reelwright.edits.source import MediaInfo
from reelwright.edits.vocabulary import FileRole
from reelwright.errors import NoSpace, UnreadableMedia
from reelwright.library import formats
from reelwright.media.probe import Prober
from reelwright.storage.local import LocalStorage
from reelwright.uninterrupted import finished

BATCH_BYTES = 1 << 20
SPACE_CHECK_BYTES = 256 << 20


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """An upload that is on disk, whole and durable, under the key that its row will name."""

    video_id: uuid.UUID
    filename: str
    """The client's name for it: only ever shown."""
    key: str
    size_bytes: int
    sha256: str
    media: MediaInfo


async def receive(
    chunks: AsyncIterator[bytes], *, filename: str, storage: LocalStorage, prober: Prober, expected_bytes: int = 0
) -> Received:
    """Store and probe an upload. On any error nothing stays on the disk.

    `expected_bytes` is what the client announced: refused at once when there is no room. Raises NoSpace,
    UnsupportedMedia, UnreadableMedia and whatever `chunks` raises.
    """
    video_id = new_id()
    folder = storage.root / "uploads" / str(video_id)
    incoming = folder / ".incoming"
    await asyncio.to_thread(storage.require_space, expected_bytes)
    await asyncio.to_thread(folder.mkdir, mode=0o750, parents=True)
    published: str | None = None
    try:
        size_bytes, sha256 = await _store(chunks, incoming, storage)
        if size_bytes == 0:
            raise UnreadableMedia("the file is empty")
        media = await prober.probe(incoming)
        published = f"uploads/{video_id}/source{formats.of(media).extension}"
        await finished(asyncio.to_thread(storage.publish, incoming, published))
        faults.point("upload stored, not inserted")
        await asyncio.to_thread(incoming.unlink)
    except BaseException:
        await finished(asyncio.to_thread(_discard, folder))
        raise
    return Received(
        video_id=video_id, filename=filename, key=published, size_bytes=size_bytes, sha256=sha256, media=media
    )


@asynccontextmanager
async def kept_if_committed(received: Received, storage: LocalStorage) -> AsyncIterator[None]:
    """The caller inserts the row inside: when that fails, the file goes.

    When it is unknown whether the commit came through (the connection broke, or the request was cancelled), the file
    stays: if no row names it, the reaper's sweep removes it.
    """
    try:
        yield
    except Exception as error:
        if not is_away(error):
            await finished(asyncio.to_thread(storage.delete, received.key))
        raise


def _discard(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


class _Writer:
    """Blocking side of an upload: writes and hashes whole batches in a worker thread."""

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


async def _store(chunks: AsyncIterator[bytes], path: Path, storage: LocalStorage) -> tuple[int, str]:
    """Returns size in bytes and SHA-256. No thread writes any more when this ends, however it does."""
    writer = await finished(asyncio.to_thread(_Writer, path, storage))
    batch: list[bytes] = []
    held_bytes = 0
    try:
        async for chunk in chunks:
            batch.append(chunk)
            held_bytes += len(chunk)
            if held_bytes >= BATCH_BYTES:
                await finished(asyncio.to_thread(writer.write, batch))
                batch, held_bytes = [], 0
        await finished(asyncio.to_thread(writer.write, batch))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace("the storage disk is full") from error
        raise
    finally:
        writer.file.close()
    return writer.size_bytes, writer.hash.hexdigest()


async def insert(session: AsyncSession, received: Received) -> Video:
    """The rows of an upload, in the caller's transaction."""
    media, form = received.media, formats.of(received.media)
    duration_s = media.duration_s
    video = Video(
        id=received.video_id,
        original_filename=received.filename,
        stored_path=received.key,
        size_bytes=received.size_bytes,
        duration_sec=None if duration_s is None else Decimal(repr(duration_s)).quantize(Decimal("0.001")),
        width=media.picture.display_width,
        height=media.picture.display_height,
        format=form.name,
        mime_type=form.mime_type,
        sha256=received.sha256,
        media_info=msgspec.to_builtins(media),
    )
    session.add(video)
    await session.flush()
    session.add(
        File(
            video_id=video.id,
            role=FileRole.MAIN,
            name=Path(received.key).name,
            key=received.key,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            content_type=form.mime_type,
        )
    )
    await session.flush()
    await session.refresh(video)
    faults.point("upload inserted, not committed")
    return video

"""Uploads on their way in: bytes to disk as they arrive, hashed, examined, published, then one row. Or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import fault_points
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.access.stored_bytes import require_room
from reelwright.cancellation import finished
from reelwright.db.models import Asset, File, Video, new_id
from reelwright.db.outages import is_away
from reelwright.edits.cues.embedded import NOTHING, EmbeddedSubtitles
from reelwright.edits.kinds_and_states import FileRole
from reelwright.edits.labels import NO_LABELS, Labels
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import ChecksumMismatch, UnreadableMedia
from reelwright.file_formats import FileFormat
from reelwright.library import embedded_subtitles, retention, same_bytes
from reelwright.library.batched_writing import write_in_batches
from reelwright.media.probe.prober import Prober
from reelwright.storage import in_use
from reelwright.storage.appending import appended
from reelwright.storage.local import LocalStorage
from reelwright.storage.space_watch import SpaceWatch
from reelwright.telemetry import metrics

Examined = TypeVar("Examined")


@dataclass(frozen=True, slots=True)
class Received(Generic[Examined]):
    """A file that is on disk, whole and durable, under the key that its row will name."""

    id: uuid.UUID
    """That its row will have."""
    name: str
    """The client's name for it: only ever shown."""
    key: str
    format: FileFormat
    size_bytes: int
    sha256: str
    examined: Examined
    """What was found out about it."""
    content_key: str | None = None
    """With which file it shares its bytes, if it does."""


@dataclass(frozen=True, slots=True)
class SaidOfVideo:
    """What a client says of a video that it sends. `keep_s`: for how long it is kept, 0: for good, None: nothing."""

    labels: Labels = NO_LABELS
    keep_s: int | None = None


NOTHING_SAID = SaidOfVideo()


async def receive(
    chunks: AsyncIterator[bytes],
    *,
    folder: str,
    name: str,
    storage: LocalStorage,
    examine: Callable[[Path], Awaitable[tuple[Examined, FileFormat]]],
    expected_bytes: int,
    expected_sha256: str | None = None,
) -> Received[Examined]:
    """Store a file and examine it. On any error nothing stays on the disk.

    `expected_bytes`: what the client announced, refused at once when there is no room; `expected_sha256`: of the file,
    where the client has said it. Raises NoSpace, ChecksumMismatch, UnsupportedMedia, UnreadableMedia and whatever
    `chunks` raises.
    """
    file_id = new_id()
    async with _incoming(f"{folder}/{file_id}", storage, expected_bytes=expected_bytes) as incoming:
        size_bytes, sha256 = await incoming.take(chunks)
        if expected_sha256 not in (None, sha256):
            raise ChecksumMismatch(f"The file that arrived has the SHA-256 {sha256}: it was damaged on its way.")
        examined, file_format = await examine(incoming.path)
        key = await incoming.publish(file_format.extension)
    return Received(file_id, name, key, file_format, size_bytes, sha256, examined)


async def insert(session: AsyncSession, owner: Video | Asset, received: Received[Examined]) -> None:
    """Insert the rows of a received file: its owner's and its own."""
    session.add(owner)
    await session.flush()
    session.add(
        File(
            video_id=owner.id if isinstance(owner, Video) else None,
            asset_id=owner.id if isinstance(owner, Asset) else None,
            role=FileRole.MAIN,
            name=Path(received.key).name,
            key=received.key,
            content_key=received.content_key,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            content_type=received.format.mime_type,
        )
    )
    await session.flush()
    await session.refresh(owner, ["kept_until"])  # the one that only the database's clock knows
    fault_points.point("upload inserted, not committed")


@asynccontextmanager
async def recording(
    received: Received[Examined], storage: LocalStorage, sessions: async_sessionmaker[AsyncSession]
) -> AsyncIterator[tuple[AsyncSession, Received[Examined]]]:
    """Open the transaction that inserts a received file's rows; gives the file as they have to name it: the project may
    have its bytes already. The file's folder is held until that has ended, and when it fails, the file goes. Raises
    QuotaExceeded.

    When it is unknown whether the commit came through (the connection broke, or the request was cancelled), the file
    stays: if no row names it, the sweep removes it.
    """
    try:
        async with _holding(storage.path(received.key).parent), sessions.begin() as session:
            shared = await same_bytes.shared(
                session, storage, key=received.key, size_bytes=received.size_bytes, sha256=received.sha256
            )
            if shared is None:
                await require_room(session, received.size_bytes)
            else:
                metrics.UPLOADS_STORED_ALREADY.inc()
            yield session, replace(received, content_key=shared)
    except Exception as error:
        if not is_away(error):
            await finished(asyncio.to_thread(storage.delete, received.key))
        raise


async def store_video(
    chunks: AsyncIterator[bytes],
    *,
    filename: str,
    storage: LocalStorage,
    prober: Prober,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
    keep_rules: KeepRules = AS_SHIPPED,
) -> Video:
    """Store a video: its file, probed, and its row; or nothing. Raises as `receive`."""
    async with storing_video(
        chunks,
        filename=filename,
        storage=storage,
        prober=prober,
        sessions=sessions,
        expected_bytes=expected_bytes,
        keep_rules=keep_rules,
    ) as (_, video):
        return video


@asynccontextmanager
async def storing_video(
    chunks: AsyncIterator[bytes],
    *,
    filename: str,
    storage: LocalStorage,
    prober: Prober,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
    expected_sha256: str | None = None,
    said: Callable[[], SaidOfVideo] = lambda: NOTHING_SAID,
    keep_rules: KeepRules = AS_SHIPPED,
) -> AsyncIterator[tuple[AsyncSession, Video]]:
    """Store a video as `store_video` does; what the caller writes inside is committed with its row. `said`: asked
    when the last of `chunks` has come; `keep_rules`: of the settings."""

    texts = NOTHING

    async def probe(path: Path) -> tuple[MediaInfo, FileFormat]:
        nonlocal texts
        media = await prober.probe(path)
        texts = await prober.embedded_subtitles(path, media)
        return media, media.file_format

    received = await receive(
        chunks,
        folder="uploads",
        name=filename,
        storage=storage,
        examine=probe,
        expected_bytes=expected_bytes,
        expected_sha256=expected_sha256,
    )
    told = said()
    async with recording(received, storage, sessions) as (session, recorded):
        kept_s = await retention.keep_s(session, "videos_s", told.keep_s, keep_rules)
        video = video_of(received, texts, told.labels.stored, kept_s)
        await insert(session, video, recorded)
        yield session, video


def video_of(
    received: Received[MediaInfo], texts: EmbeddedSubtitles, labels: dict[str, Any], kept_s: int | None = None
) -> Video:
    """Return the row of a received video. `texts`: what its own tracks of text say; `labels`: as rows keep them;
    `kept_s`: so long it is kept, None: for good."""
    media, duration_s = received.examined, received.examined.duration_s
    return Video(
        id=received.id,
        original_filename=received.name,
        stored_path=received.key,
        size_bytes=received.size_bytes,
        duration_sec=None if duration_s is None else Decimal(repr(duration_s)).quantize(Decimal("0.001")),
        width=media.main_video.display_width,
        height=media.main_video.display_height,
        format=received.format.name,
        mime_type=received.format.mime_type,
        sha256=received.sha256,
        media_info=msgspec.to_builtins(media),
        embedded_subtitles=embedded_subtitles.stored(texts),
        labels=labels,
        kept_until=retention.until(kept_s),
    )


@dataclass(frozen=True, slots=True)
class _Incoming:
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
        try:
            await write_in_batches(chunks, writer.write)
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
async def _incoming(place: str, storage: LocalStorage, *, expected_bytes: int) -> AsyncIterator[_Incoming]:
    """A folder to take a file into, held meanwhile; it goes on any error. `expected_bytes` is what the client said:
    NoSpace at once when there is no room."""
    await asyncio.to_thread(storage.require_space, expected_bytes)  # also of what has room reserved: it costs nothing
    incoming = _Incoming(storage, place)
    try:
        await finished(asyncio.to_thread(incoming.folder.mkdir, mode=0o750, parents=True))
        async with _holding(incoming.folder):
            yield incoming
    except BaseException:
        await finished(asyncio.to_thread(_discard, incoming.folder))
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
    with suppress(FileNotFoundError):  # it was never made
        for left in folder.iterdir():
            left.unlink()
        folder.rmdir()


class _Writer:
    """Blocking side: writes and hashes whole batches in a worker thread."""

    def __init__(self, path: Path, storage: LocalStorage) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        self.file = os.fdopen(descriptor, "wb", buffering=0)
        self.space = SpaceWatch(storage)
        self.hash = hashlib.sha256()
        self.size_bytes = 0

    def write(self, batch: list[bytes]) -> None:
        for view in appended(self.file.fileno(), batch):
            self.hash.update(view)
            self.size_bytes += len(view)
        self.space.wrote(sum(map(len, batch)))

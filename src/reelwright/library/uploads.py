"""Takes an uploaded video in: stored, probed, then one row."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.db.models import File, Video, new_id
from reelwright.edits.enums import FileRole
from reelwright.edits.media_info import MediaInfo
from reelwright.library.incoming_file import incoming
from reelwright.media.probe.prober import Prober
from reelwright.storage import file_formats
from reelwright.storage.local import LocalStorage


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
    async with incoming(f"uploads/{video_id}", storage, expected_bytes=expected_bytes) as arriving:
        size_bytes, sha256 = await arriving.take(chunks)
        media = await prober.probe(arriving.path)
        key = await arriving.publish(file_formats.of(media).extension)
    return Received(video_id=video_id, filename=filename, key=key, size_bytes=size_bytes, sha256=sha256, media=media)


async def insert(session: AsyncSession, received: Received) -> Video:
    """The rows of an upload, in the caller's transaction."""
    media, form = received.media, file_formats.of(received.media)
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
    fault_points.point("upload inserted, not committed")
    return video

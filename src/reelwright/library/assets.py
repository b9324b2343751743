"""Takes a client's picture in: stored, looked at while contained, then one row.

The bytes stay as they came, and each overlay draws a plain picture of its own from them: a download gives back what was
sent, and a job, which holds on to what was drawn, does not care whether the asset is still there.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.db.models import Asset, File, new_id
from reelwright.edits.enums import FileRole
from reelwright.errors import UnsupportedMedia
from reelwright.library.incoming_file import incoming
from reelwright.library.overlay_images import Studio
from reelwright.storage.local import LocalStorage

IMAGE = "image"
"""The one kind of asset that there is."""


class Format(NamedTuple):
    extension: str
    content_type: str


_BY_FIRST_BYTES = {
    b"\x89PNG": Format(".png", "image/png"),
    b"\xff\xd8\xff": Format(".jpg", "image/jpeg"),
    b"RIFF": Format(".webp", "image/webp"),
    b"GIF8": Format(".gif", "image/gif"),
}
"""Tells apart the formats that the contained process reads. It is the one to say whether a file is a picture."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that is on disk, whole and durable, under the key that its row will name."""

    asset_id: uuid.UUID
    name: str
    """The client's name for it: only ever shown."""
    key: str
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: str


async def receive(
    chunks: AsyncIterator[bytes],
    *,
    name: str,
    storage: LocalStorage,
    studio: Studio,
    expected_bytes: int = 0,
) -> Received:
    """Store a picture and look at it. On any error nothing stays on the disk.

    `expected_bytes` is what the client announced: refused at once when there is no room. Raises NoSpace,
    UnsupportedMedia, UnreadableMedia and whatever `chunks` raises.
    """
    asset_id = new_id()
    async with incoming(f"assets/{asset_id}", storage, expected_bytes=expected_bytes) as arriving:
        size_bytes, sha256 = await arriving.take(chunks)
        width, height = await studio.measure(arriving.path)
        form = await asyncio.to_thread(_format, arriving.path)
        key = await arriving.publish(form.extension)
    return Received(
        asset_id=asset_id,
        name=name,
        key=key,
        content_type=form.content_type,
        width=width,
        height=height,
        size_bytes=size_bytes,
        sha256=sha256,
    )


def _format(picture: Path) -> Format:
    with picture.open("rb") as file:
        head = file.read(4)
    for first_bytes, form in _BY_FIRST_BYTES.items():
        if head.startswith(first_bytes):
            return form
    raise UnsupportedMedia("A picture is a PNG, JPEG, WebP or GIF file.")


async def insert(session: AsyncSession, received: Received) -> Asset:
    """The rows of an asset, in the caller's transaction."""
    asset = Asset(
        id=received.asset_id,
        name=received.name,
        sha256=received.sha256,
        kind=IMAGE,
        content_type=received.content_type,
        width=received.width,
        height=received.height,
        size_bytes=received.size_bytes,
    )
    session.add(asset)
    await session.flush()
    session.add(
        File(
            asset_id=received.asset_id,
            role=FileRole.MAIN,
            name=Path(received.key).name,
            key=received.key,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            content_type=received.content_type,
        )
    )
    await session.flush()
    await session.refresh(asset)
    fault_points.point("upload inserted, not committed")
    return asset

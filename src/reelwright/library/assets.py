"""Stores a client's image for overlays: its file, looked at while contained, then one row.

The bytes stay as they came, and each overlay draws a plain image of its own from them: a download gives back what was
sent, and a job, which holds on to what was drawn, does not care whether the asset is still there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import file_formats
from reelwright.db.models import Asset
from reelwright.errors import UnsupportedMedia
from reelwright.file_formats import FileFormat
from reelwright.library import uploads
from reelwright.library.overlay_images import OverlayImages
from reelwright.storage.local import LocalStorage

IMAGE = "image"
"""The one kind of asset that there is."""


async def store_asset(
    chunks: AsyncIterator[bytes],
    *,
    name: str,
    storage: LocalStorage,
    overlay_images: OverlayImages,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
) -> Asset:
    """Store an image: its file, measured, and its row; or nothing. Raises as `uploads.receive`."""

    async def measure(path: Path) -> tuple[tuple[int, int], FileFormat]:
        size = await overlay_images.measure(path)
        return size, await asyncio.to_thread(_format, path)

    received = await uploads.receive(
        chunks, folder="assets", name=name, storage=storage, examine=measure, expected_bytes=expected_bytes
    )
    width, height = received.examined
    asset = Asset(
        id=received.id,
        name=received.name,
        sha256=received.sha256,
        kind=IMAGE,
        content_type=received.format.mime_type,
        width=width,
        height=height,
        size_bytes=received.size_bytes,
    )
    async with uploads.recording(received, storage, sessions) as session:
        await uploads.insert(session, asset, received)
    return asset


def _format(image: Path) -> FileFormat:
    """Return the format by the first bytes; the contained process has decided whether the file is an image at all."""
    with image.open("rb") as file:
        known = file_formats.of_image(file.read(file_formats.IMAGE_SIGNATURE_BYTES))
    if known is None:
        raise UnsupportedMedia("A picture is a PNG, JPEG, WebP or GIF file.")
    return known

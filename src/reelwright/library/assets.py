"""Stores a client's picture or sound for edits: its file, looked at while contained, then one row.

The bytes stay as they came, and each overlay draws a plain image of its own from a picture's: a download gives back
what was sent, and a job, which holds on to what was drawn, does not care whether the asset is still there. Sounds are
read as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import file_formats
from reelwright.db.models import Asset
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import UnsupportedMedia
from reelwright.file_formats import FileFormat
from reelwright.library import uploads
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.uploads import Received
from reelwright.media.probe.prober import Prober
from reelwright.media.probe.sound_words import IS_A_VIDEO
from reelwright.storage.local import LocalStorage

IMAGE, AUDIO = "image", "audio"
"""The kinds of assets."""
Measured = tuple[int, int] | MediaInfo
"""A picture's width and height; what a sound is."""
UNSUPPORTED = "An asset is a picture (PNG, JPEG, WebP or GIF) or a sound (MP3, WAV, M4A, Ogg or FLAC)."


async def store_asset(
    chunks: AsyncIterator[bytes],
    *,
    name: str,
    storage: LocalStorage,
    overlay_images: OverlayImages,
    prober: Prober,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
) -> Asset:
    """Store a picture or a sound: its file, measured, and its row; or nothing. Raises as `uploads.receive`."""

    async def measure(path: Path) -> tuple[Measured, FileFormat]:
        try:
            size = await overlay_images.measure(path)
        except UnsupportedMedia:
            media = await _sound(prober, path)
            return media, file_formats.of_sound(media.container)
        return size, await asyncio.to_thread(_format, path)

    received = await uploads.receive(
        chunks, folder="assets", name=name, storage=storage, examine=measure, expected_bytes=expected_bytes
    )
    return await _recorded(received, storage, sessions)


async def store_sound(
    chunks: AsyncIterator[bytes],
    *,
    name: str,
    storage: LocalStorage,
    prober: Prober,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
) -> Asset:
    """Store a sound; as `store_asset`."""

    async def measure(path: Path) -> tuple[Measured, FileFormat]:
        media = await _sound(prober, path)
        return media, file_formats.of_sound(media.container)

    received = await uploads.receive(
        chunks, folder="assets", name=name, storage=storage, examine=measure, expected_bytes=expected_bytes
    )
    return await _recorded(received, storage, sessions)


async def _recorded(
    received: Received[Measured], storage: LocalStorage, sessions: async_sessionmaker[AsyncSession]
) -> Asset:
    media = received.examined if isinstance(received.examined, MediaInfo) else None
    width, height = (None, None) if isinstance(received.examined, MediaInfo) else received.examined
    asset = Asset(
        id=received.id,
        name=received.name,
        sha256=received.sha256,
        kind=IMAGE if media is None else AUDIO,
        content_type=received.format.mime_type,
        width=width,
        height=height,
        media_info=None if media is None else msgspec.to_builtins(media),
        size_bytes=received.size_bytes,
    )
    async with uploads.recording(received, storage, sessions) as session:
        await uploads.insert(session, asset, received)
    return asset


async def _sound(prober: Prober, path: Path) -> MediaInfo:
    try:
        return await prober.probe_sound(path)
    except UnsupportedMedia as error:
        raise (error if error.detail == IS_A_VIDEO else UnsupportedMedia(UNSUPPORTED)) from error


def _format(image: Path) -> FileFormat:
    """Return the format by the first bytes; the contained process has decided whether the file is an image at all."""
    with image.open("rb") as file:
        known = file_formats.of_image(file.read(file_formats.IMAGE_SIGNATURE_BYTES))
    if known is None:
        raise UnsupportedMedia("A picture is a PNG, JPEG, WebP or GIF file.")
    return known

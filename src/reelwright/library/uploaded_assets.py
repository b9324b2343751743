"""Stores a client's picture, sound or subtitles for edits: the file, looked at while contained, then one row.

The bytes stay as they came, and each edit draws something of its own from a picture or subtitles: a download gives back
what was sent, and a job, which holds on to what was drawn, does not care whether the asset is still there. Sounds are
read as they are.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import file_formats
from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.db.models import Asset
from reelwright.edits.cues import read
from reelwright.edits.cues.cue import MAX_BYTES, CuesError
from reelwright.edits.media_info import MediaInfo
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.file_formats import FileFormat
from reelwright.library import retention, uploads
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.uploads import Received
from reelwright.media.probe.prober import Prober
from reelwright.media.probe.refusal import SOUND_IS_A_VIDEO
from reelwright.storage.local import LocalStorage

IMAGE, AUDIO, SUBTITLES = "image", "audio", "subtitles"
"""The kinds of assets."""
Measured = tuple[int, int] | MediaInfo | None
"""A picture's width and height; what a sound is; of subtitles, nothing."""
UNSUPPORTED = (
    "An asset is a picture (PNG, JPEG, WebP or GIF), a sound (MP3, WAV, M4A, Ogg or FLAC) or subtitles (SRT or WebVTT)."
)
_TIMES = re.compile(rb"\d ?: ?\d\d[^\n]{0,20}-->")


async def store_asset(
    chunks: AsyncIterator[bytes],
    *,
    name: str,
    storage: LocalStorage,
    overlay_images: OverlayImages,
    prober: Prober,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
    expected_sha256: str | None = None,
    asked_keep_s: Callable[[], int | None] = lambda: None,
    keep_rules: KeepRules = AS_SHIPPED,
) -> Asset:
    """Store an asset: its file, measured, and its row; or nothing. Raises as `uploads.receive`.

    `asked_keep_s`: what the request says of how long it is kept (as of `retention.keep_s`), asked when the last of
    `chunks` has come; `keep_rules`: of the settings.
    """

    async def measure(path: Path) -> tuple[Measured, FileFormat]:
        if (text := await asyncio.to_thread(subtitles_format, path)) is not None:
            return None, text
        try:
            size = await overlay_images.measure(path)
        except UnsupportedMedia:
            media = await _sound(prober, path)
            return media, file_formats.of_sound(media.container)
        return size, await asyncio.to_thread(_format, path)

    received = await uploads.receive(
        chunks,
        folder="assets",
        name=name,
        storage=storage,
        examine=measure,
        expected_bytes=expected_bytes,
        expected_sha256=expected_sha256,
    )
    return await _recorded(received, storage, sessions, asked_keep_s(), keep_rules)


async def store_sound(
    chunks: AsyncIterator[bytes],
    *,
    name: str,
    storage: LocalStorage,
    prober: Prober,
    sessions: async_sessionmaker[AsyncSession],
    expected_bytes: int = 0,
    keep_rules: KeepRules = AS_SHIPPED,
) -> Asset:
    """Store a sound; as `store_asset`."""

    async def measure(path: Path) -> tuple[Measured, FileFormat]:
        media = await _sound(prober, path)
        return media, file_formats.of_sound(media.container)

    received = await uploads.receive(
        chunks, folder="assets", name=name, storage=storage, examine=measure, expected_bytes=expected_bytes
    )
    return await _recorded(received, storage, sessions, None, keep_rules)


async def _recorded(
    received: Received[Measured],
    storage: LocalStorage,
    sessions: async_sessionmaker[AsyncSession],
    asked_keep_s: int | None,
    keep_rules: KeepRules,
) -> Asset:
    media = received.examined if isinstance(received.examined, MediaInfo) else None
    size = received.examined if isinstance(received.examined, tuple) else None
    width, height = size or (None, None)
    asset = Asset(
        id=received.id,
        name=received.name,
        sha256=received.sha256,
        kind=AUDIO if media is not None else IMAGE if size is not None else SUBTITLES,
        content_type=received.format.mime_type,
        width=width,
        height=height,
        media_info=None if media is None else msgspec.to_builtins(media),
        size_bytes=received.size_bytes,
    )
    async with uploads.recording(received, storage, sessions) as (session, recorded):
        asset.kept_until = retention.until(await retention.keep_s(session, "assets_s", asked_keep_s, keep_rules))
        await uploads.insert(session, asset, recorded)
    return asset


async def _sound(prober: Prober, path: Path) -> MediaInfo:
    try:
        return await prober.probe_sound(path)
    except UnsupportedMedia as error:
        raise (error if error.detail == SOUND_IS_A_VIDEO else UnsupportedMedia(UNSUPPORTED)) from error


def subtitles_format(path: Path) -> FileFormat | None:
    """Return the format of a file of subtitles; None where it is anything else.

    Raises UnreadableMedia for what has times of cues in it and cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        return None
    content = path.read_bytes()
    if file_formats.of_image(content[: file_formats.IMAGE_SIGNATURE_BYTES]) is not None:
        return None
    try:
        return file_formats.WEBVTT if read.read(content).webvtt else file_formats.SUBRIP
    except CuesError as error:
        if _TIMES.search(content.replace(b"\0", b"")):
            raise UnreadableMedia(f"The subtitles cannot be read: {error}.") from error
        return None


def _format(image: Path) -> FileFormat:
    """Return the format by the first bytes; the contained process has decided whether the file is an image at all."""
    with image.open("rb") as file:
        known = file_formats.of_image(file.read(file_formats.IMAGE_SIGNATURE_BYTES))
    if known is None:
        raise UnsupportedMedia("A picture is a PNG, JPEG, WebP or GIF file.")
    return known

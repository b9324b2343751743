"""Which stored file a reference in a request means, as a picture, a video or subtitles: `asset:<id>`, `video:<id>`,
`variant:<id>`, its key; of pictures, one of the assets folder, too. Nothing else."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import File
from reelwright.errors import NotFound, UnsupportedMedia
from reelwright.file_formats import SUBRIP, WEBVTT
from reelwright.library import assets_folder, deletion, queries
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

STORED_PREFIX = "/data/"
"""As MEDIA_ROOT is called inside the containers, wherever it lies."""

NOT_AN_IMAGE = "is a video, not a picture: lay it over with a layer of the type `video`"
NOT_A_VIDEO = "is a picture, not a video: lay it over with a layer of the type `image`"

HOW_VIDEOS_ARE_NAMED = (
    "name one by video:<id>, variant:<id>, its stored_path, or a file of the assets folder by its name"
)
SUBTITLES = (SUBRIP.mime_type, WEBVTT.mime_type)


async def image(
    reference: str, *, settings: Settings, storage: LocalStorage, sessions: async_sessionmaker[AsyncSession]
) -> Path:
    """A picture below ASSETS_DIR ("logo.png", "/app/assets/logo.png") or an asset: "asset:<id>", its file's key,
    "/data/<key>".

    Raises NotFound `asset_missing`, UnsupportedMedia for a video.
    """
    kind, _, rest = reference.partition(":")
    if kind in ("video", "variant"):
        raise UnsupportedMedia(NOT_AN_IMAGE)
    if kind == "asset":
        async with sessions() as session:
            file = await stored_asset(session, rest)
        if file.content_type in SUBTITLES:
            raise UnsupportedMedia("is a file of subtitles, not a picture: draw it with a step of the type `subtitles`")
        return storage.path(file.key)
    if not reference.startswith(STORED_PREFIX):
        try:
            return await assets_folder.file(reference, settings)
        except NotFound as missing:
            if not storage.is_key(reference):
                raise NotFound(await assets_folder.no_image(reference, settings), code=missing.code) from missing
    key = reference.removeprefix(STORED_PREFIX)
    try:
        async with sessions() as session:
            file = await queries.file_by_key(session, key)
    except NotFound as error:
        raise NotFound(f"there is no picture stored under {reference!r}", code="asset_missing") from error
    if file.asset_id is None:
        raise UnsupportedMedia(NOT_AN_IMAGE)
    return storage.path(file.key)


async def subtitles(reference: str, *, storage: LocalStorage, sessions: async_sessionmaker[AsyncSession]) -> bytes:
    """What is in an uploaded file of subtitles, "asset:<id>". Raises NotFound `asset_missing`, UnsupportedMedia."""
    kind, _, rest = reference.partition(":")
    if kind != "asset":
        raise NotFound("a file of subtitles is uploaded at POST /assets and named asset:<id>", code="asset_missing")
    async with sessions() as session:
        file = await stored_asset(session, rest)
    if file.content_type not in SUBTITLES:
        raise UnsupportedMedia("is no file of subtitles")
    try:
        return await asyncio.to_thread(storage.path(file.key).read_bytes)
    except FileNotFoundError as error:
        raise NotFound("the file of subtitles is not there", code="file_missing") from error


async def stored_asset(session: AsyncSession, asset_id: str) -> File:
    """The file of an asset. Raises NotFound `asset_missing`."""
    try:
        return await queries.file_of_asset(session, uuid.UUID(asset_id))
    except (ValueError, NotFound) as error:
        raise NotFound("no such asset; GET /assets lists those that there are", code="asset_missing") from error


async def video(session: AsyncSession, reference: str) -> File:
    """A stored video: "video:<id>" or "variant:<id>", whatever of both it is, its key, or "/data/<key>"; locked against
    deletion.

    Raises NotFound, UnsupportedMedia for a picture.
    """
    kind, _, rest = reference.partition(":")
    if kind == "asset":
        raise UnsupportedMedia(NOT_A_VIDEO)
    try:
        if kind in ("video", "variant"):
            file = await queries.any_main_file(session, uuid.UUID(rest))
        else:
            file = await queries.file_by_key(session, reference.removeprefix(STORED_PREFIX))
    except (ValueError, NotFound) as error:
        raise NotFound(f"there is no video {reference!r}; {HOW_VIDEOS_ARE_NAMED}", code="asset_missing") from error
    if file.asset_id is not None:
        raise UnsupportedMedia(NOT_A_VIDEO)
    if not await deletion.hold(session, file):
        raise NotFound(f"there is no video {reference!r}; {HOW_VIDEOS_ARE_NAMED}", code="asset_missing")
    return file

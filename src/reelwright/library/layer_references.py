"""What a request may name as a picture or a video: one in ASSETS_DIR, or something stored. Nothing else."""

from __future__ import annotations

import asyncio
import os
import stat
import uuid
from itertools import islice
from pathlib import Path, PurePosixPath

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import packaged_folders
from reelwright.db.models import File
from reelwright.did_you_mean import nearest
from reelwright.errors import NotFound, UnsupportedMedia
from reelwright.file_formats import IMAGES, SUBRIP, WEBVTT
from reelwright.library import queries
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

ASSETS_PREFIX, STORED_PREFIX = "/app/assets/", "/data/"
"""As the paths are called inside the containers, wherever the folders lie."""

NOT_AN_IMAGE = "is a video, not a picture: lay it over with a layer of the type `video`"
NOT_A_VIDEO = "is a picture, not a video: lay it over with a layer of the type `image`"

HOW_VIDEOS_ARE_NAMED = (
    "name one by video:<id>, variant:<id>, its stored_path, or a file of the assets folder by its name"
)
SUBTITLES = (SUBRIP.mime_type, WEBVTT.mime_type)
IMAGE_ENDINGS = (*(known.extension for known in IMAGES), ".jpeg")
MAX_NAMED = 10
MAX_FOLDERS = 100


def assets_folder(settings: Settings) -> Path:
    return Path(settings.assets_dir).absolute() if settings.assets_dir else packaged_folders.folder("assets")


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
            return await asyncio.to_thread(_inside, assets_folder(settings), reference.removeprefix(ASSETS_PREFIX))
        except NotFound as missing:
            if not storage.is_key(reference):
                raise NotFound(await asyncio.to_thread(_no_image, settings, reference), code=missing.code) from missing
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


def _inside(folder: Path, name: str) -> Path:
    """Return a regular file inside the folder, reached without any link that leads out of it."""
    parts = PurePosixPath(name).parts
    missing = NotFound(f"there is no {name!r} in the assets folder", code="asset_missing")
    if not parts or "\0" in name or PurePosixPath(name).is_absolute() or ".." in parts:
        raise missing
    try:
        path = folder.joinpath(*parts).resolve(strict=True)
        if not path.is_relative_to(folder.resolve()) or not stat.S_ISREG(path.stat().st_mode):
            raise missing
    except (OSError, ValueError) as error:  # ValueError: nothing could be called so
        raise missing from error
    return path


def _no_image(settings: Settings, reference: str) -> str:
    """Return what to do about an image that is not there."""
    name = reference.removeprefix(ASSETS_PREFIX)
    there = _images(assets_folder(settings))
    if meant := nearest(name, there):
        hint = f"{meant} perhaps?"
    elif there:
        hint = f"there is {', '.join(there[:MAX_NAMED])}{' and more' if len(there) > MAX_NAMED else ''}."
    else:
        hint = "it has none."
    return f"there is no picture {name!r} in the assets folder; {hint} POST /assets takes your own, asset:<id> names it"


def _images(folder: Path) -> list[str]:
    """Return the names of images below the folder, sorted, as far as it takes a moment to look."""
    images: list[str] = []
    for path, folders, names in islice(os.walk(folder), MAX_FOLDERS):
        folders.sort()
        inside = Path(path).relative_to(folder)
        images += [(inside / name).as_posix() for name in names if Path(name).suffix.lower() in IMAGE_ENDINGS]
    return sorted(images)


async def asset_video(reference: str, settings: Settings) -> Path | None:
    """Return the file of the assets folder that a reference to a video names, if it names one."""
    if ":" in reference or reference.startswith(STORED_PREFIX):
        return None
    try:
        return await asyncio.to_thread(_inside, assets_folder(settings), reference.removeprefix(ASSETS_PREFIX))
    except NotFound:
        return None


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
    if not await hold(session, file):
        raise NotFound(f"there is no video {reference!r}; {HOW_VIDEOS_ARE_NAMED}", code="asset_missing")
    return file


async def hold(session: AsyncSession, file: File) -> bool:
    """Lock a file against deletion until the transaction ends. Return whether it is still there: whoever deleted it, or
    put it into the trash, may have been faster."""
    there = select(File.id).where(File.id == file.id, File.trashed_at.is_(None))
    return await session.scalar(there.with_for_update(read=True)) is not None

"""What a request may name as a picture or a video: a shipped picture, or something stored. Nothing else has a path."""

from __future__ import annotations

import asyncio
import stat
import uuid
from pathlib import Path, PurePosixPath

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import packaged
from reelwright.db.models import File
from reelwright.errors import NotFound
from reelwright.library import catalogue
from reelwright.settings import Settings

ASSETS_PREFIX, STORED_PREFIX = "/app/assets/", "/data/"
"""As the paths are called inside the containers, wherever the folders lie."""


def assets_folder(settings: Settings) -> Path:
    return Path(settings.assets_dir).absolute() if settings.assets_dir else packaged.folder("assets")


async def picture(reference: str, settings: Settings) -> Path:
    """A picture below ASSETS_DIR: "logo.png" or "/app/assets/logo.png". Raises NotFound."""
    return await asyncio.to_thread(_inside, assets_folder(settings), reference.removeprefix(ASSETS_PREFIX))


def _inside(folder: Path, name: str) -> Path:
    """A regular file inside the folder, reached without any link that leads out of it."""
    parts = PurePosixPath(name).parts
    missing = NotFound(f"there is no picture {name!r} in the assets folder", code="asset_missing")
    if not parts or "\0" in name or PurePosixPath(name).is_absolute() or ".." in parts:
        raise missing
    try:
        found = folder.joinpath(*parts).resolve(strict=True)
        if not found.is_relative_to(folder.resolve()) or not stat.S_ISREG(found.stat().st_mode):
            raise missing
    except OSError as error:
        raise missing from error
    return found


async def video(session: AsyncSession, reference: str) -> File:
    """A stored video: "video:<id>", "variant:<id>", its key, or "/data/<key>"; locked against deletion.

    Raises NotFound.
    """
    kind, _, rest = reference.partition(":")
    try:
        if kind == "video":
            file = await catalogue.main_file(session, video_id=uuid.UUID(rest))
        elif kind == "variant":
            file = await catalogue.main_file(session, variant_id=uuid.UUID(rest))
        else:
            file = await catalogue.file_by_key(session, reference.removeprefix(STORED_PREFIX))
    except ValueError as error:
        raise NotFound("no such video", code="asset_missing") from error
    await session.refresh(file, with_for_update={"read": True})
    return file

"""The assets folder (ASSETS_DIR), of files that are there ready-made: which of them a name in a request means. No name
leads out of it."""

from __future__ import annotations

import asyncio
import os
import stat
from itertools import islice
from pathlib import Path, PurePosixPath

from reelwright import packaged_folders
from reelwright.did_you_mean import nearest
from reelwright.errors import NotFound
from reelwright.file_formats import IMAGES
from reelwright.settings import Settings

PREFIX = "/app/assets/"
"""As the folder is called inside the containers, wherever it lies."""
IMAGE_ENDINGS = (*(known.extension for known in IMAGES), ".jpeg")
MAX_NAMED = 10
MAX_FOLDERS = 100


def place(settings: Settings) -> Path:
    return Path(settings.assets_dir).absolute() if settings.assets_dir else packaged_folders.folder("assets")


async def file(name: str, settings: Settings) -> Path:
    """The file that a name means, "logo.png" or "/app/assets/logo.png". Raises NotFound `asset_missing`."""
    return await asyncio.to_thread(_inside, place(settings), name.removeprefix(PREFIX))


async def named_video(reference: str, settings: Settings) -> Path | None:
    """The file that a reference to a video means, if it means one of the folder."""
    if ":" in reference:
        return None
    try:
        return await file(reference, settings)
    except NotFound:
        return None


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


async def no_image(reference: str, settings: Settings) -> str:
    """What to do about an image that is not there, in a sentence for the client."""
    name = reference.removeprefix(PREFIX)
    there = await asyncio.to_thread(_images, place(settings))
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

"""The same bytes once: of a project's uploads that are equal, one file is stored, which all their rows name.

Whoever adds a row to a file holds one of its rows until it has committed, whoever deletes one holds them all
(deletion.py): the bytes go with the last row, and never under one that was just added.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File
from reelwright.db.ownership import project_of_new
from reelwright.storage.local import LocalStorage

TRIES = 3
"""The row that was found may be deleted before it is held; there may be another."""


async def stored_already(
    session: AsyncSession, storage: LocalStorage, *, key: str, size_bytes: int, sha256: str, content_type: str
) -> str | None:
    """Return the key of the file that the project has of the same bytes, held until the transaction ends; None where it
    has none that is whole. Equal uploads that end at the same time come here one after the other.

    `key`: where the bytes lie that have just come; files of videos and of assets are not shared.
    """
    project_id = project_of_new()
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{project_id} {sha256}", 0))))
    alike = (
        select(File.key, File.id)
        .where(
            File.project_id == project_id,
            File.sha256 == sha256,
            File.size_bytes == size_bytes,
            File.content_type == content_type,
            _of_the_kind(key),
        )
        .order_by(File.id)
    )
    for _ in range(TRIES):
        for found, _ in (await session.execute(alike.limit(1).with_for_update(read=True))).tuples():
            return found if await asyncio.to_thread(_is_whole, storage, found, size_bytes) else None
        if await session.scalar(alike.with_only_columns(File.id).limit(1)) is None:
            return None
    return None


def _of_the_kind(key: str) -> ColumnElement[bool]:
    return File.asset_id.is_not(None) if key.startswith("assets/") else File.video_id.is_not(None)


def _is_whole(storage: LocalStorage, key: str, size_bytes: int) -> bool:
    try:
        return storage.path(key).stat().st_size == size_bytes
    except OSError:
        return False

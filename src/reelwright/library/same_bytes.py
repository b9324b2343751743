"""The same bytes once: of a project's uploads that are equal, the bytes lie on the disk once, under a name for each.

The file system counts the names, so that the bytes go with the last; where it knows no second names, or the file has as
many as it can have, the bytes are stored again. `files.content_key` says with which file they are shared: whoever adds
a row to shared bytes holds one of theirs until it has committed, whoever deletes one holds them all (deletion.py).
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import File
from reelwright.db.ownership import project_of_new
from reelwright.storage.local import LocalStorage

logger = logging.getLogger(__name__)

TRIES = 3
"""The row that was found may be deleted before it is held; there may be another."""


async def shared(session: AsyncSession, storage: LocalStorage, *, key: str, size_bytes: int, sha256: str) -> str | None:
    """Let the file that has just come share the bytes of an equal one of the project. Return what its row has to say of
    that, None where its bytes are its own. Equal uploads that end at the same time come here one after the other."""
    project_id = project_of_new()
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{project_id} {sha256}", 0))))
    equal = (
        select(File.key, File.content)
        .where(File.project_id == project_id, File.sha256 == sha256, File.size_bytes == size_bytes, _of_the_kind(key))
        .order_by(File.id.desc())
        .limit(1)
    )
    for _ in range(TRIES):
        held = (await session.execute(equal.with_for_update(read=True))).one_or_none()
        if held is not None:
            return held.content if await asyncio.to_thread(_share, storage, key, held.key, size_bytes) else None
        if (await session.execute(equal)).one_or_none() is None:
            return None
    return None


def _of_the_kind(key: str) -> ColumnElement[bool]:
    return File.asset_id.is_not(None) if key.startswith("assets/") else File.video_id.is_not(None)


def _share(storage: LocalStorage, key: str, with_key: str, size_bytes: int) -> bool:
    try:
        if storage.path(with_key).stat().st_size != size_bytes:
            return False
        storage.share(key, with_key)
    except OSError as error:
        logger.info("%s keeps bytes of its own: %r", key, error)
        return False
    return True

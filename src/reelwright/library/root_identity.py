"""Whether a media root belongs to this database: both hold the same id. Only then may files without a row be removed.

A service that is pointed at a wrong or an empty database would else take every stored file for an orphan.
"""

from __future__ import annotations

import asyncio
import uuid

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Storage, new_id
from reelwright.storage.local import LocalStorage

FOREIGN = (
    "MEDIA_ROOT belongs to another database: nothing in it is swept. Point the service at the right one; if the two do "
    "belong together, remove the file `.reelwright` in MEDIA_ROOT."
)


async def belongs(session: AsyncSession, storage: LocalStorage) -> bool:
    """Return whether the media root belongs to this database: one without an id gets one, and does from then on."""
    known = await asyncio.to_thread(storage.identity)
    if known is not None:
        return await session.get(Storage, known) is not None
    new: uuid.UUID = new_id()
    session.add(Storage(id=new))
    await session.commit()  # first the row: an id in the folder alone would stop the sweep for good
    if await asyncio.to_thread(storage.identify, new):
        return True
    await session.execute(delete(Storage).where(Storage.id == new))
    await session.commit()  # another process was faster, and its row is there: it came before the id, too
    known = await asyncio.to_thread(storage.identity)
    return known is not None and await session.get(Storage, known) is not None

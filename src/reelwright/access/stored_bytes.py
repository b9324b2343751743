"""How many bytes a project has stored, and how many more it may: its quota."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.caller import Holder, asking
from reelwright.db.models import ProjectBytes
from reelwright.errors import QuotaExceeded


async def require_room(session: AsyncSession, size_bytes: int) -> None:
    """Make sure that so many bytes more may be stored, in the transaction that inserts their row, after every other
    lock that it takes: nobody else of the project stores any until it has ended. Raises QuotaExceeded."""
    if (request := asking()) is not None and any(request.holder.most("stored_bytes")):
        project_id = request.holder.project_id
        await session.execute(
            insert(ProjectBytes).values(project_id=project_id, stored_bytes=0).on_conflict_do_nothing()
        )
        await session.execute(
            select(ProjectBytes.project_id).where(ProjectBytes.project_id == project_id).with_for_update()
        )
        await require_quota(session, request.holder, size_bytes)


async def require_quota(session: AsyncSession, holder: Holder, size_bytes: int) -> None:
    """Raises QuotaExceeded where so many bytes more are too many now."""
    limits = [most for most in holder.most("stored_bytes") if most is not None]
    if not limits:
        return
    most = min(limits)
    stored = await stored_bytes(session, holder.project_id)
    if stored + size_bytes > most or stored >= most:
        adding = f", {size_bytes} more are too many" if size_bytes else ""
        raise QuotaExceeded(
            f"The project has {stored} of the {most} bytes that it may have (stored_bytes){adding}: delete something."
        )


async def stored_bytes(session: AsyncSession, project_id: uuid.UUID) -> int:
    """Return the bytes of the files of a project; those that several rows share count once."""
    row = select(ProjectBytes.stored_bytes).where(ProjectBytes.project_id == project_id)
    return await session.scalar(row) or 0

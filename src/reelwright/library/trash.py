"""The trash: videos that were deleted, listed, and had back. How they come there: deletion.py."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.hidden_trash import see_trash
from reelwright.db.models import File, Variant, Video
from reelwright.errors import NotFound
from reelwright.library import deletion, queries


async def page(session: AsyncSession, *, offset: int, limit: int) -> tuple[Sequence[Video], int]:
    """Return some of the videos in the trash, those that go first before others; and how many there are."""
    see_trash(session)
    there = select(Video).where(Video.trash_until.is_not(None))
    total = await session.scalar(select(func.count()).select_from(Video).where(Video.trash_until.is_not(None)))
    rows = await session.scalars(there.order_by(Video.trash_until, Video.id).offset(offset).limit(limit))
    return rows.all(), total or 0


async def find(session: AsyncSession, video_id: uuid.UUID) -> Video:
    """Return a video that is in the trash. Raises NotFound."""
    see_trash(session)
    row = await session.scalar(select(Video).where(Video.id == video_id, Video.trash_until.is_not(None)))
    if row is None:
        raise NotFound("no such video in the trash")
    return row


async def have_back(session: AsyncSession, video_id: uuid.UUID) -> Video:
    """Have a video back from the trash, with all that was made of it. One whose end has come is kept for good from now
    on. Raises NotFound."""
    see_trash(session)
    # files first, as who deletes
    await session.execute(
        select(File.id).where(deletion.files_of(video_id)).order_by(File.key, File.id).with_for_update()
    )
    is_trash = (Video.id == video_id, Video.trashed_at.is_not(None))
    ends = case((Video.kept_until > func.now(), Video.kept_until))
    back = {"trashed_at": None, "trash_until": None, "trash_reason": None, "kept_until": ends}
    found = update(Video).where(*is_trash).values(back)
    deletion.require_one((await session.execute(found.returning(Video.id))).first())
    await session.execute(update(Variant).where(Variant.video_id == video_id).values(trashed_at=None))
    await session.execute(update(File).where(deletion.files_of(video_id)).values(trashed_at=None))
    return await queries.video(session, video_id)

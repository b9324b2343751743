"""The trash: videos that were deleted and can be had back, listed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Video
from reelwright.db.trash import see_trash
from reelwright.errors import NotFound


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

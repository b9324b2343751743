"""What makes results on the workers, and whether a result could be made by the same today.

Each worker says every few seconds what its toolchain is. Current are those that were seen within a minute of the one
that was seen last: while workers are replaced, the old ones and the new; while none is there, the last.
"""

from __future__ import annotations

import datetime

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import SeenToolchain
from reelwright.media.ffmpeg.toolchain import Toolchain

TOGETHER = datetime.timedelta(seconds=60)


async def report(session: AsyncSession, toolchain: Toolchain) -> None:
    """Let everybody know that a worker has it."""
    added = insert(SeenToolchain).values(**msgspec.structs.asdict(toolchain))
    seen = {"seen_at": func.now()}
    await session.execute(added.on_conflict_do_update(index_elements=[SeenToolchain.digest], set_=seen))


def current() -> Select[str]:
    """Select the digests of those by which workers make results now."""
    last = select(func.max(SeenToolchain.seen_at)).scalar_subquery()
    return select(SeenToolchain.digest).where(SeenToolchain.seen_at > last - TOGETHER)

"""Queues as operators see them, and their pauses: what they do by the API, by the functions that they have in SQL."""

from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.caller import key_of_new
from reelwright.db.models import ApiKey
from reelwright.errors import NotFound

logger = logging.getLogger(__name__)

MAX_REASON_CHARACTERS: Final = 200

_ALL = text(
    "SELECT queue, part_of, paused_at, paused_by, paused_why, waiting, due, running, workers FROM ops.queues"
    " ORDER BY part_of NULLS FIRST, queue"
)
_PAUSE = text("SELECT pause_queue(:queue, :by_whom, :why)")
_RESUME = text("SELECT resume_queue(:queue)")


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue. `part_of`: with which it is paused as well; `paused_at`: since when workers start no job of it; `due`:
    of those that wait, the ones that may begin; `workers`: living ones that take its jobs."""

    name: str
    part_of: str | None
    paused_at: datetime.datetime | None
    paused_by: str | None
    paused_why: str | None
    waiting: int
    due: int
    running: int
    workers: int


async def queues(session: AsyncSession) -> list[QueueState]:
    """Return all of them, the whole before its parts. Counts the unfinished jobs."""
    return [QueueState(*row) for row in await session.execute(_ALL)]


async def pause(session: AsyncSession, name: str, why: str | None) -> QueueState:
    """Let workers start no more jobs of a queue, and of its parts; one that is paused stays as it is. Raises
    NotFound."""
    found = await _changed(session, name, _PAUSE, by_whom=await _asker(session), why=why)
    logger.info(
        "queue %s is paused by %s%s", name, found.paused_by, f": {found.paused_why}" if found.paused_why else ""
    )
    return found


async def resume(session: AsyncSession, name: str) -> QueueState:
    """Let workers start jobs of a queue again; they hear of it at the commit. Raises NotFound."""
    found = await _changed(session, name, _RESUME)
    logger.info("queue %s is resumed by %s, %d jobs wait in it", name, await _asker(session), found.waiting)
    return found


async def _changed(session: AsyncSession, name: str, change: TextClause, **how: str | None) -> QueueState:
    is_there = await session.scalar(change, {"queue": name, **how}) is not None
    states = await queues(session)
    if not is_there:
        raise NotFound(f"no such queue: there are {', '.join(state.name for state in states)}")
    return next(state for state in states if state.name == name)


async def _asker(session: AsyncSession) -> str:
    """Who asks, as the row says it."""
    key_id = key_of_new()
    key = None if key_id is None else await session.get(ApiKey, key_id)
    return "API" if key is None else f"key {key.name}"

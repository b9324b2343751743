"""A project's log: read from a number on, pruned from its beginning. migrations/sql/event_log_0022.sql writes it."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import EventLog, EventRow
from reelwright.errors import ReelwrightError

CHANNEL = "reelwright_events"
"""NOTIFY channel; the payload is the project's id."""
PRUNED_AT_ONCE = 10_000

_RECORD = text("SELECT record_event(:project, :kind, :subject, :content)").bindparams(bindparam("content", type_=JSONB))


class EventsGone(ReelwrightError):
    code = "events_gone"


@dataclass(frozen=True, slots=True)
class Extent:
    """What is kept of a log: the numbers after `pruned`, up to `last`."""

    pruned: int
    last: int

    def require(self, after: int) -> None:
        """Raises EventsGone where what follows number `after` is not there as it was."""
        if after > self.last:
            raise EventsGone(
                f"The log ends with number {self.last}: {after} is of a log that was replaced, as by the restore of a"
                " backup. Look at your videos and jobs anew, and go on from there."
            )
        if 0 < after < self.pruned:
            raise EventsGone(
                f"Events up to number {self.pruned} are not kept any more (EVENT_KEEP_DAYS). Look at your videos and"
                f" jobs anew, and go on after {self.pruned}."
            )


async def extent(session: AsyncSession, project_id: uuid.UUID) -> Extent:
    row = await session.get(EventLog, project_id)
    return Extent(0, 0) if row is None else Extent(row.pruned_seq, row.last_seq)


async def after(
    session: AsyncSession, project_id: uuid.UUID, seq: int, *, limit: int, types: Collection[str] = ()
) -> Sequence[EventRow]:
    """Return events that followed number `seq`, in order. `types`: of these alone; none: of all."""
    query = select(EventRow).where(EventRow.project_id == project_id, EventRow.seq > seq)
    if types:
        query = query.where(EventRow.type.in_(types))
    return (await session.scalars(query.order_by(EventRow.seq).limit(limit))).all()


async def record(
    session: AsyncSession, project_id: uuid.UUID, kind: str, subject_id: uuid.UUID, data: dict[str, Any]
) -> int:
    """Write an event down that no row tells of. It is the last thing that a transaction does: others of the project
    wait for it. Returns its number."""
    arguments = {"project": project_id, "kind": kind, "subject": subject_id, "content": data}
    return int((await session.execute(_RECORD, arguments)).scalar_one())


async def projects(session: AsyncSession) -> Sequence[uuid.UUID]:
    """Return those that have a log."""
    return (await session.scalars(select(EventLog.project_id))).all()


async def prune(session: AsyncSession, project_id: uuid.UUID, keep: datetime.timedelta) -> None:
    """Forget what happened longer ago, from the beginning of the log on. The transaction does nothing else: others of
    the project wait for it."""
    oldest = select(EventRow.seq, EventRow.created_at).where(EventRow.project_id == project_id)
    first = oldest.order_by(EventRow.seq).limit(PRUNED_AT_ONCE).subquery()
    last = await session.scalar(select(func.max(first.c.seq)).where(first.c.created_at < func.now() - keep))
    if last is not None:
        await session.execute(delete(EventRow).where(EventRow.project_id == project_id, EventRow.seq <= last))
        await session.execute(update(EventLog).where(EventLog.project_id == project_id).values(pruned_seq=last))

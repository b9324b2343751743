"""Which jobs are meant: the one set of conditions for lists of jobs and for what is done to many at once."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job, Variant
from reelwright.edits.kinds_and_states import JobStatus, JobType


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Jobs that meet all that is given. `video_id`: on this video, or on this variant; `error_code`: that of the last
    failure; times are `after` at the time or later, `before` earlier than it. Labels are the page's (pages.Wanted)."""

    statuses: tuple[JobStatus, ...] = ()
    type: JobType | None = None
    video_id: uuid.UUID | None = None
    error_code: str | None = None
    created_after: datetime.datetime | None = None
    created_before: datetime.datetime | None = None
    finished_after: datetime.datetime | None = None
    finished_before: datetime.datetime | None = None

    async def conditions(self, session: AsyncSession) -> list[ColumnElement[bool]]:
        """Return them for a query of jobs."""
        found: list[ColumnElement[bool]] = []
        if self.statuses:
            found.append(Job.status.in_(self.statuses))
        if self.type is not None:
            found.append(Job.type == self.type)
        if self.error_code is not None:
            found.append(Job.error["code"].astext == self.error_code)
        for column, after, before in (
            (Job.created_at, self.created_after, self.created_before),
            (Job.finished_at, self.finished_after, self.finished_before),
        ):
            found += [] if after is None else [column >= after]
            found += [] if before is None else [column < before]
        if self.video_id is not None:
            variant = await session.get(Variant, self.video_id)
            found.append(Job.video_id == (self.video_id if variant is None else variant.video_id))
            found += [] if variant is None else [Job.input_variant_id == variant.id]
        return found

"""What is done later than it was asked for, maybe by another process: on behalf of the key, whose limits hold then."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.caller import Asking, Holder, asked_by
from reelwright.access.limits import AccessLimits
from reelwright.db.models import ApiKey, Project


async def holder_by_id(
    session: AsyncSession, key_id: uuid.UUID | None, *, of_keys: AccessLimits, of_projects: AccessLimits
) -> Holder | None:
    """Return who asked with a key, with the limits that hold now, whether the key is good still or not: it allows
    nothing else. None: nobody was asked for one. `of_keys`, `of_projects`: of those that have none of their own."""
    query = select(ApiKey, Project.limits).join(Project, Project.id == ApiKey.project_id).where(ApiKey.id == key_id)
    pair = None if key_id is None else (await session.execute(query)).tuples().one_or_none()
    if pair is None:
        return None
    row, of_project = pair
    return Holder(
        row.id,
        row.project_id,
        frozenset(),
        row.expires_at,
        AccessLimits.stored(row.limits).over(of_keys),
        AccessLimits.stored(of_project).over(of_projects),
    )


@contextmanager
def on_behalf_of(holder: Holder | None) -> Iterator[None]:
    """Let this task do later what somebody has asked for, within his limits. None: nobody was asked for a key."""
    if holder is None:
        yield
        return
    with asked_by(Asking(holder)):
        yield

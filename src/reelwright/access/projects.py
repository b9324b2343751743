"""Projects: made with the first key that names one, listed, changed in their limits, rules and weight in the queue."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.stored_bytes import stored_bytes
from reelwright.db.models import Project, ProjectBytes
from reelwright.errors import FieldError, NotFound

DEFAULT_PROJECT = "default"
_PROJECT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
NOTHING: Mapping[str, int | None] = {}


def name_faults(name: str) -> list[FieldError]:
    """Return what is wrong with the name of a project. Pure."""
    if _PROJECT.fullmatch(name):
        return []
    return [FieldError("/project", "has 1 to 63 of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit")]


async def id_of(session: AsyncSession, name: str) -> uuid.UUID:
    """Return the id of a project, which is made where there is none of the name."""
    await session.execute(insert(Project).values(name=name).on_conflict_do_nothing())
    return (await session.scalars(select(Project.id).where(Project.name == name))).one()


async def change(
    session: AsyncSession,
    name: str,
    limits: Mapping[str, int | None],
    keep: Mapping[str, int | None] = NOTHING,
    *,
    queue_share: int | None = None,
) -> tuple[Project, int]:
    """Change some limits of a project, how long it keeps some things (keep_rules.py), as `keys.change`; and its weight
    in the queue. Returns it with the bytes that it has stored. Raises NotFound."""
    project = await session.scalar(select(Project).where(Project.name == name).with_for_update())
    if project is None:
        raise NotFound("no such project")
    project.limits = changed(project.limits, limits)
    project.keep = changed(project.keep, keep)
    project.queue_share = queue_share or project.queue_share
    await session.flush()
    return project, await stored_bytes(session, project.id)


def changed(old: dict[str, Any], given: Mapping[str, int | None]) -> dict[str, Any]:
    """Return what a row says after some of it was changed; what is None is as the settings say again. Pure."""
    return {name: most for name, most in {**old, **given}.items() if most is not None}


async def queue_share(session: AsyncSession, project_id: uuid.UUID) -> int:
    """Return the weight of a project in the queue."""
    return await session.scalar(select(Project.queue_share).where(Project.id == project_id)) or 1


async def page(
    session: AsyncSession, *, only: uuid.UUID | None = None, offset: int = 0, limit: int | None = None
) -> tuple[Sequence[tuple[Project, int]], int]:
    """Return some of all projects by name, each with the bytes that it has stored; and how many there are. `only`: of
    this one alone."""
    conditions = [] if only is None else [Project.id == only]
    total = await session.scalar(select(func.count()).select_from(Project).where(*conditions)) or 0
    stored = func.coalesce(ProjectBytes.stored_bytes, 0)
    joined = select(Project, stored).outerjoin(ProjectBytes, ProjectBytes.project_id == Project.id)
    rows = await session.execute(joined.where(*conditions).order_by(Project.name).offset(offset).limit(limit))
    return rows.all(), total

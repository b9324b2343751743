"""Keys: made, listed, replaced, revoked. A key itself is told once, when it is made, and never stored."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import key_format, projects
from reelwright.access.limits import NONE, AccessLimits
from reelwright.access.scopes import USUAL, Scope
from reelwright.db.models import ApiKey, Project
from reelwright.errors import Conflict, FieldError, InvalidInput, NotFound

MAX_NAME_LENGTH = 100
MAX_OVERLAP_S = 30 * 24 * 3600
_FIRST_KEY_LOCK = 7_203_114
"""Of several processes that start at once, one makes the first key."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made, and its row."""

    secret: str
    row: ApiKey
    project: str


async def create(
    session: AsyncSession,
    name: str,
    *,
    project: str = projects.DEFAULT_PROJECT,
    scopes: Iterable[Scope] = USUAL,
    expires_at: datetime.datetime | None = None,
    limits: AccessLimits = NONE,
) -> NewKey:
    """Make a key for a project, which is made where there is none of the name. Raises InvalidInput."""
    wanted = sorted({scope.value for scope in scopes})
    wrong = [
        *([] if _is_name(name) else [_WRONG_NAME]),
        *projects.name_faults(project),
        *([] if wanted else [FieldError("/scopes", "names at least one of " + ", ".join(Scope))]),
        *([_PAST] if expires_at is not None and expires_at <= datetime.datetime.now(datetime.UTC) else []),
    ]
    if wrong:
        raise InvalidInput(wrong)
    secret = key_format.mint()
    row = ApiKey(
        project_id=await projects.id_of(session, project),
        name=name.strip(),
        digest=key_format.digest(secret),
        hint=key_format.hint(secret),
        scopes=wanted,
        expires_at=expires_at,
        limits=msgspec.to_builtins(limits),
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return NewKey(secret, row, project)


_WRONG_NAME = FieldError("/name", f"is a text of 1 to {MAX_NAME_LENGTH} characters that can be printed")
_PAST = FieldError("/expires_at", "lies in the past")


def _is_name(name: str) -> bool:
    return 0 < len(name.strip()) <= MAX_NAME_LENGTH and name.isprintable()


async def page(
    session: AsyncSession, *, project: str | None = None, offset: int = 0, limit: int | None = None
) -> tuple[Sequence[tuple[ApiKey, str]], int]:
    """Return some of all keys, or of one project's, each with its project's name, by project and age; and how many
    there are."""
    conditions = [] if project is None else [Project.name == project]
    joined = select(ApiKey, Project.name).join(Project, Project.id == ApiKey.project_id).where(*conditions)
    total = await session.scalar(joined.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    ordered = joined.order_by(Project.name, ApiKey.created_at, ApiKey.id).offset(offset).limit(limit)
    return (await session.execute(ordered)).all(), total


async def find(session: AsyncSession, key_id: uuid.UUID) -> tuple[ApiKey, str]:
    """Return a key and its project's name. Raises NotFound."""
    query = select(ApiKey, Project.name).join(Project, Project.id == ApiKey.project_id).where(ApiKey.id == key_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("no such key")
    return found


async def rotate(session: AsyncSession, key_id: uuid.UUID, *, overlap_s: int) -> NewKey:
    """Make a key that replaces another: of its name, project, scopes and limits. The other one is good
    for `overlap_s` yet.

    Raises NotFound, Conflict when it is revoked or expired.
    """
    row, project = await find(session, key_id)
    await session.refresh(row, with_for_update=True)
    now = (await session.scalars(select(func.now()))).one()
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise Conflict("the key is revoked or has expired: make a new one")
    end = now + datetime.timedelta(seconds=overlap_s)
    replacement = await create(
        session,
        row.name,
        project=project,
        scopes=map(Scope, row.scopes),
        expires_at=row.expires_at,
        limits=AccessLimits.stored(row.limits),
    )
    row.expires_at = end if row.expires_at is None else min(end, row.expires_at)
    await session.flush()
    return replacement


async def change(
    session: AsyncSession, key_id: uuid.UUID, *, name: str | None = None, limits: Mapping[str, int | None] | None = None
) -> tuple[ApiKey, str]:
    """Change what a key is called, and some of its limits; one that is None is as the settings say again. Raises
    NotFound, InvalidInput."""
    row, project = await find(session, key_id)
    await session.refresh(row, with_for_update=True)
    if name is not None:
        if not _is_name(name):
            raise InvalidInput([_WRONG_NAME])
        row.name = name.strip()
    row.limits = projects.changed(row.limits, limits or {})
    await session.flush()
    return row, project


async def revoke(session: AsyncSession, key_id: uuid.UUID) -> tuple[ApiKey, str]:
    """Make a key good for nothing, for ever; the row stays, to tell whose it was. Raises NotFound."""
    row, project = await find(session, key_id)
    if row.revoked_at is None:
        row.revoked_at = (await session.scalars(select(func.now()))).one()
        await session.flush()
    return row, project


async def first(session: AsyncSession) -> NewKey | None:
    """Make the first key, which allows everything, where there is none yet; None where there are."""
    await session.execute(select(func.pg_advisory_xact_lock(_FIRST_KEY_LOCK)))
    if await session.scalar(select(ApiKey.id).limit(1)) is not None:
        return None
    return await create(session, "first key", scopes=tuple(Scope))

"""When what is stored ends: as its request says, else as the project's rule did when it came, else as the settings did.

The moment stands in the row (`kept_until`), so that answers tell it and no later rule moves it; whoever may change the
thing may change it. What is done then: jobs/retention_deletion.py.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.keep_rules import DAY_S, KeepRules
from reelwright.db.models import Asset, Project, Variant, Video
from reelwright.db.ownership import project_of_new
from reelwright.settings import Settings

Kind: TypeAlias = Literal["videos_s", "results_s", "assets_s"]
Kept: TypeAlias = type[Video] | type[Variant] | type[Asset]
RULE_OF: dict[Kept, Kind] = {Video: "videos_s", Variant: "results_s", Asset: "assets_s"}


def rules_of_settings(settings: Settings) -> KeepRules:
    """Return the rules of projects that have none of their own."""
    return KeepRules(
        videos_s=settings.video_keep_days * DAY_S,
        results_s=settings.result_keep_days * DAY_S,
        assets_s=settings.asset_keep_days * DAY_S,
        jobs_s=settings.job_keep_days * DAY_S,
        events_s=settings.event_keep_days * DAY_S,
        deliveries_s=settings.delivery_keep_days * DAY_S,
        trash_s=settings.trash_days * DAY_S,
    )


async def rules_of(session: AsyncSession, project_id: uuid.UUID, defaults: KeepRules) -> KeepRules:
    """Return the rules that hold for a project now. `defaults`: of the settings."""
    own = await session.scalar(select(Project.keep).where(Project.id == project_id))
    return defaults.with_own(own or {})


async def rules_of_all(session: AsyncSession, defaults: KeepRules) -> dict[uuid.UUID, KeepRules]:
    """Return the rules of every project."""
    projects = await session.execute(select(Project.id, Project.keep).order_by(Project.id))
    return {project_id: defaults.with_own(own) for project_id, own in projects}


async def keep_s(session: AsyncSession, kind: Kind, asked_s: int | None, defaults: KeepRules) -> int | None:
    """Return for how long something new of the task's project is kept, seconds; None: for good. `asked_s`: what its
    request says, 0: for good, None: nothing."""
    if asked_s is None:
        asked_s = getattr(await rules_of(session, project_of_new(), defaults), kind)
    return asked_s or None


def until(kept_s: int | None) -> ColumnElement[datetime.datetime] | None:
    """Return when something ends that is stored now, by the database's clock."""
    return None if kept_s is None else func.now() + datetime.timedelta(seconds=kept_s)


async def change(
    session: AsyncSession, kind: Kept, row_id: uuid.UUID, asked_s: int | None, defaults: KeepRules
) -> None:
    """Let something stored end so many seconds from now, 0: never, None: as if it came now."""
    ends = until(await keep_s(session, RULE_OF[kind], asked_s, defaults))
    await session.execute(update(kind).where(kind.id == row_id).values(kept_until=ends))

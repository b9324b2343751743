"""What would be deleted by a moment, how many and how many bytes: the dry run of retention_deletion.py, by its
conditions."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from reelwright.access.keep_rules import KeepRules
from reelwright.db.hidden_trash import see_trash
from reelwright.db.models import Asset, Delivery, EventRow, File, Job, Project, Variant, Video
from reelwright.jobs import retention_deletion
from reelwright.jobs.retention_deletion import Moment
from reelwright.library import retention

What: TypeAlias = Literal["trash", "results", "videos", "assets", "jobs", "events", "deliveries"]


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends of one project. `held`: how many more wait, for unfinished jobs that read them; `size_bytes`: that will
    be free, without what is shared with something that stays; `into_trash`: it can be had back first."""

    project: str
    kind: What
    count: int
    held: int
    size_bytes: int
    into_trash: bool = False


async def endings(
    session: AsyncSession, defaults: KeepRules, *, within_s: int = 0, project: str | None = None
) -> list[Ending]:
    """Return what would go by then, by project and kind; nothing of what stays as it is. `project`: of this one."""
    see_trash(session)
    at = func.now() + datetime.timedelta(seconds=within_s)
    rules = await retention.rules_of_all(session, defaults)
    named = select(Project.id, Project.name).order_by(Project.name)
    projects = dict((await session.execute(named)).all())
    wanted = {project_id: name for project_id, name in projects.items() if project in (None, name)}
    found: list[Ending] = []
    for kind, thing, over, read, files in _stored(at):
        counted = await _counted(session, thing, over, read, wanted)
        freed = await _freed(session, files, wanted)
        for project_id, (count, held) in counted.items():
            into_trash = kind == "videos" and rules[project_id].trash_s > 0
            size_bytes = freed.get(project_id, 0)
            found.append(Ending(wanted[project_id], kind, count, held, size_bytes, into_trash))
    for project_id, name in wanted.items():
        for what, count in (await _records(session, project_id, rules[project_id], at)).items():
            found += [Ending(name, what, count, 0, 0)] if count else []
    return sorted(found, key=lambda one: (one.project, one.kind))


def _stored(
    at: Moment,
) -> list[tuple[What, retention.Kept, list[ColumnElement[bool]], ColumnElement[bool], ColumnElement[bool]]]:
    """Return for each kind that has files: whose rows, which of them end, which of those are read, which files go."""
    trash: list[ColumnElement[bool]] = [retention_deletion.trash_is_over(at)]
    videos, video_read = list(retention_deletion.video_is_over(at)), retention_deletion.video_is_read()
    results, result_read = list(retention_deletion.result_is_over(at)), retention_deletion.result_is_read()
    gone = select(Video.id).where(*videos, ~video_read)
    results.append(Variant.video_id.not_in(gone))  # they go with their videos
    assets, asset_read = list(retention_deletion.asset_is_over(at)), retention_deletion.asset_is_read()
    never = Video.id.is_(None)
    return [
        ("trash", Video, trash, never, _files_of(select(Video.id).where(*trash))),
        ("videos", Video, videos, video_read, _files_of(gone)),
        (
            "results",
            Variant,
            results,
            result_read,
            File.variant_id.in_(select(Variant.id).where(*results, ~result_read)),
        ),
        ("assets", Asset, assets, asset_read, File.asset_id.in_(select(Asset.id).where(*assets, ~asset_read))),
    ]


def _files_of(videos: Select[uuid.UUID]) -> ColumnElement[bool]:
    return or_(File.video_id.in_(videos), File.variant_id.in_(select(Variant.id).where(Variant.video_id.in_(videos))))


async def _counted(
    session: AsyncSession,
    thing: retention.Kept,
    over: Collection[ColumnElement[bool]],
    read: ColumnElement[bool],
    projects: Collection[uuid.UUID],
) -> dict[uuid.UUID, tuple[int, int]]:
    found = select(thing.project_id, read.label("held")).where(*over, thing.project_id.in_(projects)).subquery()
    counts = select(found.c.project_id, func.count().filter(~found.c.held), func.count().filter(found.c.held)).group_by(
        found.c.project_id
    )
    return {project_id: (count, held) for project_id, count, held in await session.execute(counts)}


async def _freed(
    session: AsyncSession, files: ColumnElement[bool], projects: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    going = (
        select(File.id, File.project_id, File.size_bytes, File.content.label("content"))
        .where(files, File.project_id.in_(projects))
        .cte("going")
    )
    other = aliased(File)
    stays = select(other.id).where(other.content == going.c.content, other.id.not_in(select(going.c.id))).exists()
    once = (
        select(going.c.project_id, going.c.size_bytes)
        .distinct(going.c.content)
        .where(~stays)
        .order_by(going.c.content)
        .subquery()
    )
    sums = select(once.c.project_id, func.sum(once.c.size_bytes)).group_by(once.c.project_id)
    return {project_id: int(size_bytes) for project_id, size_bytes in await session.execute(sums)}


async def _records(session: AsyncSession, project_id: uuid.UUID, rules: KeepRules, at: Moment) -> dict[What, int]:
    """Return how many rows go that have no files."""
    queries: dict[What, Select[int]] = {}
    if rules.jobs_s:
        queries["jobs"] = select(func.count(Job.id)).where(
            *retention_deletion.job_is_over(project_id, rules.jobs_s, at)
        )
    if rules.events_s:
        old = EventRow.created_at < at - datetime.timedelta(seconds=rules.events_s)
        queries["events"] = select(func.count(EventRow.seq)).where(EventRow.project_id == project_id, old)
    if kept_s := rules.deliveries_at_most_s:
        queries["deliveries"] = select(func.count(Delivery.id)).where(
            Delivery.project_id == project_id,
            Delivery.created_at < at - datetime.timedelta(seconds=kept_s),
            Delivery.state != "pending",
        )
    return {what: await session.scalar(query) or 0 for what, query in queries.items()}

"""What is kept no longer is deleted: found by its moment, one by one, by the code that serves a client's DELETE.

What an unfinished job reads stays until that has ended, a video for as long as a result of it is kept by an end of its
own, an asset for as long as a template names it. Each deletion looks again at what it has locked: who changes an end at
the same time loses nothing.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from reelwright.access.keep_rules import KeepRules
from reelwright.db.hidden_trash import see_trash
from reelwright.db.models import Asset, File, Job, JobInput, Variant, Video
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.jobs import followers, removal
from reelwright.library import deletion, retention, template_versions

AT_ONCE = 200
Kind: TypeAlias = Literal["trash", "result", "video", "asset", "job"]
FINAL = tuple(status for status in JobStatus if status.is_final)


@dataclass(frozen=True, slots=True)
class Ended:
    """Something that ends."""

    kind: Kind
    id: uuid.UUID
    project_id: uuid.UUID


Moment: TypeAlias = ColumnElement[datetime.datetime]
NOW: Moment = func.now()


def trash_is_over(at: Moment = NOW) -> ColumnElement[bool]:
    """Return what a video in the trash is that goes for good."""
    return Video.trash_until < at


def result_is_over(at: Moment = NOW) -> tuple[ColumnElement[bool], ...]:
    """Return what a variant is that ends."""
    return Variant.kept_until < at, Variant.trashed_at.is_(None)


def video_is_over(at: Moment = NOW) -> tuple[ColumnElement[bool], ...]:
    """Return what a video is that ends: its results may be kept for longer."""
    result = aliased(Variant)
    outlived = exists(select(result.id).where(result.video_id == Video.id, result.kept_until >= at))
    return Video.kept_until < at, Video.trashed_at.is_(None), ~outlived


def asset_is_over(at: Moment = NOW) -> tuple[ColumnElement[bool], ...]:
    """Return what an asset is that ends: edits that are made of templates go on finding theirs."""
    return Asset.kept_until < at, ~template_versions.is_named(Asset.project_id, Asset.id)


def job_is_over(project_id: uuid.UUID, kept_s: int, at: Moment = NOW) -> tuple[ColumnElement[bool], ...]:
    """Return what a job of a project is that ends: what it made may be there still, others may follow it."""
    return (
        Job.project_id == project_id,
        Job.finished_at < at - datetime.timedelta(seconds=kept_s),
        Job.status.in_(FINAL),
        ~exists(select(Variant.id).where(Variant.job_id == Job.id)),
        ~followers.IS_FOLLOWED,
    )


def result_is_read() -> ColumnElement[bool]:
    """Return whether unfinished jobs read a variant."""
    return exists(_readers().where(File.variant_id == Variant.id))


def video_is_read() -> ColumnElement[bool]:
    """Return whether unfinished jobs read a video, or what was made of it."""
    result = aliased(Variant)
    its_results = _readers().join(result, result.id == File.variant_id).where(result.video_id == Video.id)
    return exists(_readers().where(File.video_id == Video.id)) | exists(its_results)


def asset_is_read() -> ColumnElement[bool]:
    """Return whether unfinished jobs read an asset."""
    return exists(_readers().where(File.asset_id == Asset.id))


def _readers() -> Select[uuid.UUID]:
    read = select(Job.id).join(JobInput, JobInput.job_id == Job.id).join(File, File.id == JobInput.file_id)
    return read.where(Job.status.in_(deletion.UNFINISHED))


_ENDED: Final[dict[Kind, Select[uuid.UUID, uuid.UUID]]] = {
    "trash": select(Video.id, Video.project_id).where(trash_is_over()).order_by(Video.trash_until),
    "result": (
        select(Variant.id, Variant.project_id).where(*result_is_over(), ~result_is_read()).order_by(Variant.kept_until)
    ),
    "video": select(Video.id, Video.project_id).where(*video_is_over(), ~video_is_read()).order_by(Video.kept_until),
    "asset": select(Asset.id, Asset.project_id).where(*asset_is_over(), ~asset_is_read()).order_by(Asset.kept_until),
}
"""Of each kind that has files, in this order: a video waits for its results."""
_DUE: Final = select(*(exists(ending.order_by(None)) for ending in _ENDED.values()))


async def due(session: AsyncSession) -> Sequence[Kind]:
    """Return of what that has files something can be deleted now, in order, by one look; most of the time nothing."""
    see_trash(session)
    row = (await session.execute(_DUE)).one()
    return [kind for kind, is_due in zip(_ENDED, row, strict=True) if is_due]


async def ended(session: AsyncSession, kind: Kind, defaults: KeepRules) -> Sequence[Ended]:
    """Return some of what has ended and can be deleted, what ended first before others."""
    see_trash(session)
    found: list[Ended] = []
    for query in await _queries(session, kind, defaults):
        rows = await session.execute(query.limit(AT_ONCE - len(found)))
        found += [Ended(kind, row_id, project_id) for row_id, project_id in rows]
        if len(found) == AT_ONCE:
            break
    return found


async def _queries(session: AsyncSession, kind: Kind, defaults: KeepRules) -> Sequence[Select[uuid.UUID, uuid.UUID]]:
    if kind in _ENDED:
        return [_ENDED[kind]]
    return [
        select(Job.id, Job.project_id).where(*job_is_over(project_id, kept.jobs_s)).order_by(Job.finished_at)
        for project_id, kept in (await retention.rules_of_all(session, defaults)).items()
        if kept.jobs_s
    ]


async def end(session: AsyncSession, what: Ended, defaults: KeepRules) -> list[str]:
    """Delete it, if it has ended still. Returns the keys whose bytes may go once the caller has committed. Raises
    Conflict, NotFound: it stays, or somebody else has deleted it."""
    see_trash(session)
    if what.kind == "trash":
        return await deletion.delete_video(session, what.id, trash_is_over(), reason="expired")
    if what.kind == "result":
        return await deletion.delete_variant(session, what.id, *result_is_over(), reason="expired")
    if what.kind == "video":
        rules = await retention.rules_of(session, what.project_id, defaults)
        return await deletion.delete_video(session, what.id, *video_is_over(), trash_s=rules.trash_s, reason="expired")
    if what.kind == "asset":
        return await deletion.delete_asset(session, what.id, *asset_is_over(), reason="expired")
    # which looks at its state itself
    return await removal.remove(session, what.id, with_results=False, reason="expired")

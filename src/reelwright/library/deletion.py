"""Deletes videos, variants and assets, for good or into the trash. A file's bytes go with its last row, after the rows
are gone for good.

Files may share bytes, variants under one key and equal uploads under several (same_bytes.py): whoever deletes one holds
the rows of all that do, so that of two who delete at the same time the second one knows that his was the last.
"""

from __future__ import annotations

import asyncio
import datetime
import uuid
from collections.abc import Iterable
from typing import Literal, TypeAlias

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Asset, File, Job, JobInput, Variant, Video
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import Conflict, NotFound
from reelwright.library import queries
from reelwright.storage.local import LocalStorage

UNFINISHED = (JobStatus.PENDING, JobStatus.STARTED)


Reason: TypeAlias = Literal["requested", "expired"]
"""Why something is deleted, as events tell it."""


async def delete_video(
    session: AsyncSession,
    video_id: uuid.UUID,
    *only_if: ColumnElement[bool],
    trash_s: int = 0,
    reason: Reason = "requested",
) -> list[str]:
    """Delete a video with all its variants; with `trash_s`, so that it can be had back for so many seconds. Returns the
    keys whose bytes may go once the caller has committed. `only_if`: what its row has to be, once it is locked.

    Raises NotFound, Conflict `in_use` while an unfinished job reads any of the files.
    """
    await queries.video(session, video_id)
    files = files_of(video_id)
    keys = await _lock_unused(session, files)
    await _no_more_whole(session, Variant.video_id == video_id)
    this = (Video.id == video_id, *only_if)
    if trash_s:
        now, until = func.now(), func.now() + datetime.timedelta(seconds=trash_s)
        hidden = update(Video).where(*this).values(trashed_at=now, trash_until=until, trash_reason=reason)
        require_one((await session.execute(hidden.returning(Video.id))).first())
        await session.execute(update(Variant).where(Variant.video_id == video_id).values(trashed_at=now))
        await session.execute(update(File).where(files).values(trashed_at=now))
        return []
    await tell_why(session, reason)
    require_one((await session.execute(delete(Video).where(*this).returning(Video.id))).first())
    return await _without_row(session, keys)


async def delete_variant(
    session: AsyncSession, variant_id: uuid.UUID, *only_if: ColumnElement[bool], reason: Reason = "requested"
) -> list[str]:
    """Delete one variant; as `delete_video`."""
    await queries.variant(session, variant_id)
    keys = await _lock_unused(session, File.variant_id == variant_id)
    await _no_more_whole(session, Variant.id == variant_id)
    await tell_why(session, reason)
    gone = delete(Variant).where(Variant.id == variant_id, *only_if).returning(Variant.id)
    require_one((await session.execute(gone)).first())
    return await _without_row(session, keys)


async def delete_asset(
    session: AsyncSession, asset_id: uuid.UUID, *only_if: ColumnElement[bool], reason: Reason = "requested"
) -> list[str]:
    """Delete an asset; as `delete_video`. Jobs hold on to what was drawn of a picture: it may go at any time."""
    await queries.asset(session, asset_id)
    keys = await _lock_unused(session, File.asset_id == asset_id)
    await tell_why(session, reason)
    gone = delete(Asset).where(Asset.id == asset_id, *only_if).returning(Asset.id)
    require_one((await session.execute(gone)).first())
    return await _without_row(session, keys)


def files_of(video_id: uuid.UUID) -> ColumnElement[bool]:
    own_variants = select(Variant.id).where(Variant.video_id == video_id)
    return or_(File.video_id == video_id, File.variant_id.in_(own_variants))


def require_one(found: object | None) -> None:
    """Raises NotFound: it was deleted, or changed, before it was locked."""
    if found is None:
        raise NotFound("it is not there any more")


async def tell_why(session: AsyncSession, reason: Reason) -> None:
    """Tell the triggers that write events of what is gone why it is (migrations/sql/events_of_deletion_0023.sql)."""
    await session.execute(select(func.set_config("reelwright.deleted_because", reason, True)))


async def hold(session: AsyncSession, file: File) -> bool:
    """Lock a file against deletion until the transaction ends. Return whether it is still there: whoever deleted it, or
    put it into the trash, may have been faster."""
    there = select(File.id).where(File.id == file.id, File.trashed_at.is_(None))
    return await session.scalar(there.with_for_update(read=True)) is not None


async def _lock_unused(session: AsyncSession, files: ColumnElement[bool]) -> list[str]:
    """Lock files against new jobs and make sure that no unfinished job reads them. Returns their keys."""
    own = select(File.content).where(files)
    shared = select(File.id, File.key, files.label("own")).where(File.content.in_(own))
    # in one order, for all who delete: else two of them might wait for each other
    rows = (await session.execute(shared.order_by(File.key, File.id).with_for_update())).all()
    locked = [(file_id, key) for file_id, key, own in rows if own]
    readers = await session.scalars(
        select(Job.id)
        .distinct()
        .join(JobInput, JobInput.job_id == Job.id)
        .where(JobInput.file_id.in_([file_id for file_id, _ in locked]), Job.status.in_(UNFINISHED))
    )
    if job_ids := [str(job_id) for job_id in readers]:
        raise Conflict(f"unfinished jobs read it: {', '.join(job_ids)}", code="in_use", job_ids=job_ids)
    return [key for _, key in locked]


async def _no_more_whole(session: AsyncSession, variants: ColumnElement[bool]) -> None:
    """Let the jobs that made the variants be reused no more."""
    makers = select(Variant.job_id).where(variants)
    await session.execute(update(Job).where(Job.id.in_(makers)).values(fingerprint=None))


async def _without_row(session: AsyncSession, keys: list[str]) -> list[str]:
    kept = set(await session.scalars(select(File.key).where(File.key.in_(keys))))
    return [key for key in keys if key not in kept]


async def remove_files(storage: LocalStorage, keys: Iterable[str]) -> None:
    """Remove the bytes of files whose rows are gone: were we killed in between, the sweep would find them."""
    for key in keys:
        await asyncio.to_thread(storage.delete, key)

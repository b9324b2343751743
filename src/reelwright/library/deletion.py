"""Deletes videos, variants and assets. A file's bytes go with its last row, after the rows are gone for good.

Files may share bytes, variants under one key and equal uploads under several (same_bytes.py): whoever deletes one holds
the rows of all that do, so that of two who delete at the same time the second one knows that his was the last.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Asset, File, Job, JobInput, Variant, Video
from reelwright.edits.enums import JobStatus
from reelwright.errors import Conflict
from reelwright.library import queries
from reelwright.storage.local import LocalStorage

UNFINISHED = (JobStatus.PENDING, JobStatus.STARTED)


async def delete_video(session: AsyncSession, video_id: uuid.UUID) -> list[str]:
    """Delete a video with all its variants. Returns the keys whose bytes may go once the caller has committed.

    Raises NotFound, Conflict `in_use` while an unfinished job reads any of the files.
    """
    await queries.video(session, video_id)
    own_variants = select(Variant.id).where(Variant.video_id == video_id)
    keys = await _lock_unused(session, or_(File.video_id == video_id, File.variant_id.in_(own_variants)))
    await _no_more_whole(session, Variant.video_id == video_id)
    await session.execute(delete(Video).where(Video.id == video_id))
    return await _without_row(session, keys)


async def delete_variant(session: AsyncSession, variant_id: uuid.UUID) -> list[str]:
    """Delete one variant; as `delete_video`."""
    await queries.variant(session, variant_id)
    keys = await _lock_unused(session, File.variant_id == variant_id)
    await _no_more_whole(session, Variant.id == variant_id)
    await session.execute(delete(Variant).where(Variant.id == variant_id))
    return await _without_row(session, keys)


async def delete_asset(session: AsyncSession, asset_id: uuid.UUID) -> list[str]:
    """Delete an asset; as `delete_video`. Jobs hold on to what was drawn of a picture: it may go at any time."""
    await queries.asset(session, asset_id)
    keys = await _lock_unused(session, File.asset_id == asset_id)
    await session.execute(delete(Asset).where(Asset.id == asset_id))
    return await _without_row(session, keys)


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

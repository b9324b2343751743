"""Looks up, lists and deletes videos, variants, assets and their files. A file's bytes go with its last row."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from reelwright.db.models import Asset, File, Job, JobInput, Variant, Video
from reelwright.edits.enums import FileRole, JobStatus
from reelwright.errors import Conflict, NotFound
from reelwright.storage.local import LocalStorage

UNFINISHED = (JobStatus.PENDING, JobStatus.STARTED)

VIDEO_ORDERS: dict[str, InstrumentedAttribute[object]] = {
    "upload_time": Video.upload_time,
    "size_bytes": Video.size_bytes,
    "duration_sec": Video.duration_sec,
    "original_filename": Video.original_filename,
}
ASSET_ORDERS: dict[str, InstrumentedAttribute[object]] = {
    "created_at": Asset.created_at,
    "size_bytes": Asset.size_bytes,
    "name": Asset.name,
}

Listed = TypeVar("Listed", Video, Asset)


async def video(session: AsyncSession, video_id: uuid.UUID) -> Video:
    """Raises NotFound."""
    if (found := await session.get(Video, video_id)) is None:
        is_variant = await session.get(Variant, video_id) is not None
        raise NotFound(f"this is a variant: see /variants/{video_id}" if is_variant else "no such video")
    return found


async def variant(session: AsyncSession, variant_id: uuid.UUID) -> Variant:
    """Raises NotFound."""
    if (found := await session.get(Variant, variant_id)) is None:
        is_video = await session.get(Video, variant_id) is not None
        raise NotFound(f"this is a video: see /videos/{variant_id}" if is_video else "no such variant")
    return found


async def asset(session: AsyncSession, asset_id: uuid.UUID) -> Asset:
    """Raises NotFound."""
    if (found := await session.get(Asset, asset_id)) is None:
        raise NotFound("no such asset")
    return found


async def videos(
    session: AsyncSession, *, offset: int, limit: int, order: str = "-upload_time"
) -> tuple[list[Video], int]:
    """One page and the total. `order` is a key of VIDEO_ORDERS, descending with a minus before it."""
    return await _page(session, Video, VIDEO_ORDERS, order, offset=offset, limit=limit)


async def assets(
    session: AsyncSession, *, offset: int, limit: int, order: str = "-created_at"
) -> tuple[list[Asset], int]:
    """One page and the total. `order` is a key of ASSET_ORDERS, descending with a minus before it."""
    return await _page(session, Asset, ASSET_ORDERS, order, offset=offset, limit=limit)


async def _page(
    session: AsyncSession,
    kind: type[Listed],
    orders: Mapping[str, InstrumentedAttribute[object]],
    order: str,
    *,
    offset: int,
    limit: int,
) -> tuple[list[Listed], int]:
    column = orders[order.removeprefix("-")]
    ordering = (column.desc().nulls_last(), kind.id.desc()) if order[0] == "-" else (column.nulls_last(), kind.id)
    total = await session.scalar(select(func.count()).select_from(kind)) or 0
    found = await session.scalars(select(kind).order_by(*ordering).offset(offset).limit(limit))
    return list(found), total


async def variants(session: AsyncSession, video_id: uuid.UUID) -> list[tuple[Variant, list[File]]]:
    """A video's variants, newest first, with their files. Raises NotFound for an unknown video."""
    await video(session, video_id)
    rows = (
        await session.execute(
            select(Variant, File)
            .join(File, File.variant_id == Variant.id, isouter=True)
            .where(Variant.video_id == video_id)
            .order_by(Variant.created_at.desc(), Variant.id.desc(), File.name)
        )
    ).all()
    grouped: dict[uuid.UUID, tuple[Variant, list[File]]] = {}
    for row_variant, row_file in rows:
        _, files = grouped.setdefault(row_variant.id, (row_variant, []))
        if row_file is not None:
            files.append(row_file)
    return list(grouped.values())


async def files_of_jobs(
    session: AsyncSession, job_ids: Collection[uuid.UUID], *, only_main: bool = False
) -> dict[uuid.UUID, list[File]]:
    """The variants that the jobs made and nobody has deleted, each with its files by name, or with its main one."""
    wanted = [Variant.job_id.in_(job_ids), *([File.role == FileRole.MAIN] if only_main else [])]
    rows = await session.scalars(
        select(File).join(Variant, File.variant_id == Variant.id).where(*wanted).order_by(File.name)
    )
    made: dict[uuid.UUID, list[File]] = {}
    for file in rows:
        assert file.variant_id is not None
        made.setdefault(file.variant_id, []).append(file)
    return made


async def files_of_variant(session: AsyncSession, variant_id: uuid.UUID) -> list[File]:
    return list(await session.scalars(select(File).where(File.variant_id == variant_id).order_by(File.name)))


async def main_file(
    session: AsyncSession, *, video_id: uuid.UUID | None = None, variant_id: uuid.UUID | None = None
) -> File:
    """The file that a download of the video, or of the variant, sends. Raises NotFound."""
    owner = File.video_id == video_id if variant_id is None else File.variant_id == variant_id
    found = await session.scalar(select(File).where(owner, File.role == FileRole.MAIN))
    if found is None:
        raise NotFound("no such video" if variant_id is None else "no such variant")
    return found


async def any_main_file(session: AsyncSession, video_or_variant_id: uuid.UUID) -> File:
    """The file of whatever has the id. Raises NotFound."""
    owner = or_(File.video_id == video_or_variant_id, File.variant_id == video_or_variant_id)
    found = await session.scalar(select(File).where(owner, File.role == FileRole.MAIN))
    if found is None:
        raise NotFound("no such video or variant")
    return found


async def file_of_asset(session: AsyncSession, asset_id: uuid.UUID) -> File:
    """The picture as it came. Raises NotFound."""
    found = await session.scalar(select(File).where(File.asset_id == asset_id, File.role == FileRole.MAIN))
    if found is None:
        raise NotFound("no such asset")
    return found


async def named_file(session: AsyncSession, variant_id: uuid.UUID, name: str) -> File:
    """Raises NotFound."""
    found = await session.scalar(select(File).where(File.variant_id == variant_id, File.name == name))
    if found is None:
        raise NotFound("no such file")
    return found


async def file_by_key(session: AsyncSession, key: str) -> File:
    """Raises NotFound, also for what could be no key: the database cannot be asked for every string."""
    found = await session.scalar(select(File).where(File.key == key).limit(1)) if LocalStorage.is_key(key) else None
    if found is None:
        raise NotFound("no such file")
    return found


async def delete_video(session: AsyncSession, video_id: uuid.UUID) -> list[str]:
    """Delete a video with all its variants. Returns the keys whose bytes may go once the caller has committed.

    Raises NotFound, Conflict `in_use` while an unfinished job reads any of the files.
    """
    await video(session, video_id)
    own_variants = select(Variant.id).where(Variant.video_id == video_id)
    keys = await _lock_unused(session, or_(File.video_id == video_id, File.variant_id.in_(own_variants)))
    await session.execute(delete(Video).where(Video.id == video_id))
    return await _without_row(session, keys)


async def delete_variant(session: AsyncSession, variant_id: uuid.UUID) -> list[str]:
    """Delete one variant; as `delete_video`."""
    await variant(session, variant_id)
    keys = await _lock_unused(session, File.variant_id == variant_id)
    await session.execute(delete(Variant).where(Variant.id == variant_id))
    return await _without_row(session, keys)


async def delete_asset(session: AsyncSession, asset_id: uuid.UUID) -> list[str]:
    """Delete an asset, whoever used it: jobs hold on to what was drawn of it. Returns keys as `delete_video`.

    Raises NotFound.
    """
    await asset(session, asset_id)
    keys = list(await session.scalars(select(File.key).where(File.asset_id == asset_id)))
    await session.execute(delete(Asset).where(Asset.id == asset_id))
    return await _without_row(session, keys)


async def _lock_unused(session: AsyncSession, files: ColumnElement[bool]) -> list[str]:
    """Lock files against new jobs and make sure that no unfinished job reads them. Returns their keys."""
    locked = (await session.execute(select(File.id, File.key).where(files).with_for_update())).all()
    readers = await session.scalars(
        select(Job.id)
        .distinct()
        .join(JobInput, JobInput.job_id == Job.id)
        .where(JobInput.file_id.in_([file_id for file_id, _ in locked]), Job.status.in_(UNFINISHED))
    )
    if job_ids := [str(job_id) for job_id in readers]:
        raise Conflict(f"unfinished jobs read it: {', '.join(job_ids)}", code="in_use", job_ids=job_ids)
    return [key for _, key in locked]


async def _without_row(session: AsyncSession, keys: list[str]) -> list[str]:
    kept = set(await session.scalars(select(File.key).where(File.key.in_(keys))))
    return [key for key in keys if key not in kept]

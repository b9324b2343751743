"""Looks up and lists videos, variants, assets and their files."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, bindparam, case, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from reelwright.db.models import Asset, File, Variant, Video
from reelwright.db.ownership import PROJECT, confining, project_of_task
from reelwright.edits.kinds_and_states import FileRole, Quality, VariantKind
from reelwright.errors import NotFound
from reelwright.library import pages, stored_labels
from reelwright.library.pages import Part, Wanted
from reelwright.storage.local import LocalStorage

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
    """Return the video. Raises NotFound."""
    if (row := await session.get(Video, video_id)) is None:
        is_variant = await session.get(Variant, video_id) is not None
        raise NotFound(f"this is a variant: see /variants/{video_id}" if is_variant else "no such video")
    return row


async def variant(session: AsyncSession, variant_id: uuid.UUID) -> Variant:
    """Return the variant. Raises NotFound."""
    if (row := await session.get(Variant, variant_id)) is None:
        is_video = await session.get(Video, variant_id) is not None
        raise NotFound(f"this is a video: see /videos/{variant_id}" if is_video else "no such variant")
    return row


async def asset(session: AsyncSession, asset_id: uuid.UUID) -> Asset:
    """Return the asset. Raises NotFound."""
    if (row := await session.get(Asset, asset_id)) is None:
        raise NotFound("no such asset")
    return row


async def videos(session: AsyncSession, wanted: Wanted, order: str = "-upload_time") -> Part[Video]:
    """Return a page of videos. `order` is a key of VIDEO_ORDERS, descending with a minus before it."""
    conditions = await stored_labels.having(session, Video, wanted.labels)
    if order.endswith("upload_time"):
        return await pages.by_time(
            session, Video, Video.upload_time, wanted, conditions, descending=order.startswith("-")
        )
    return await _by_column(session, Video, VIDEO_ORDERS, order, wanted, conditions)


async def assets(session: AsyncSession, wanted: Wanted, order: str = "-created_at") -> Part[Asset]:
    """Return a page of assets. `order` is a key of ASSET_ORDERS, descending with a minus before it."""
    if order.endswith("created_at"):
        return await pages.by_time(session, Asset, Asset.created_at, wanted, [], descending=order.startswith("-"))
    return await _by_column(session, Asset, ASSET_ORDERS, order, wanted, [])


async def _by_column(
    session: AsyncSession,
    kind: type[Listed],
    orders: Mapping[str, InstrumentedAttribute[object]],
    order: str,
    wanted: Wanted,
    conditions: list[ColumnElement[bool]],
) -> Part[Listed]:
    column = orders[order.removeprefix("-")]
    ordering = (column.desc().nulls_last(), kind.id.desc()) if order[0] == "-" else (column.nulls_last(), kind.id)
    total = await pages.count(session, kind, conditions)
    rows = await session.scalars(
        select(kind).where(*conditions).order_by(*ordering).offset(wanted.offset).limit(wanted.size)
    )
    return Part(list(rows), total, None)


async def all_variants(
    session: AsyncSession, wanted: Wanted, *, kind: VariantKind | None = None, video_id: uuid.UUID | None = None
) -> Part[Variant]:
    """Return a page of variants, newest first."""
    given = ((Variant.kind, kind), (Variant.video_id, video_id))
    conditions = [column == value for column, value in given if value is not None]
    conditions += await stored_labels.having(session, Variant, wanted.labels)
    return await pages.by_time(session, Variant, Variant.created_at, wanted, conditions)


async def files_of_variants(session: AsyncSession, variant_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[File]]:
    """Return each variant's files, by name."""
    rows = await session.scalars(select(File).where(File.variant_id.in_(variant_ids)).order_by(File.name))
    return _by_variant(rows)


async def variants(session: AsyncSession, video_id: uuid.UUID) -> list[tuple[Variant, list[File]]]:
    """Return a video's variants, newest first, with their files. Raises NotFound for an unknown video."""
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
    """Return the variants that the jobs made and nobody deleted, each with its files by name, or its main one."""
    conditions = [Variant.job_id.in_(job_ids), *([File.role == FileRole.MAIN] if only_main else [])]
    rows = await session.scalars(
        select(File).join(Variant, File.variant_id == Variant.id).where(*conditions).order_by(File.name)
    )
    return _by_variant(rows)


_MADE = confining(
    select(File, case((File.role == FileRole.MAIN, Variant.checks)))
    .join(Variant, File.variant_id == Variant.id)
    .where(Variant.job_id == bindparam("job_id"))
    .order_by(File.name),
    File,
)
"""Made once: that costs as much as to ask for it. A variant may have thousands of files: its checks come with one."""


async def made_by(
    session: AsyncSession, job_id: uuid.UUID
) -> tuple[dict[uuid.UUID, list[File]], dict[uuid.UUID, dict[str, Any]]]:
    """Return the variants that a job made and nobody deleted, each with its files by name; and what is stored with each
    of what it was held to."""
    rows = (await session.execute(_MADE, {"job_id": job_id, PROJECT: project_of_task()})).all()
    checks = {file.variant_id: held for file, held in rows if file.variant_id is not None and held is not None}
    return _by_variant(file for file, _ in rows), checks


def _by_variant(rows: Iterable[File]) -> dict[uuid.UUID, list[File]]:
    files: dict[uuid.UUID, list[File]] = {}
    for file in rows:
        assert file.variant_id is not None
        files.setdefault(file.variant_id, []).append(file)
    return files


async def files_of_variant(session: AsyncSession, variant_id: uuid.UUID) -> list[File]:
    return list(await session.scalars(select(File).where(File.variant_id == variant_id).order_by(File.name)))


class MainFile(NamedTuple):
    """The file that a download of a video, or of a variant, sends, and what it is called after."""

    file: File
    original_filename: str
    """Of the upload."""
    made_at: datetime.datetime
    kind: VariantKind | None = None
    quality: Quality | None = None


_OF_VIDEO = confining(
    select(File, Video.original_filename, Video.upload_time)
    .join(Video, Video.id == File.video_id)
    .where(Video.id == bindparam("video_id"), File.role == FileRole.MAIN, File.trashed_at.is_(None)),
    File,
)
_OF_VARIANT = confining(
    select(File, Video.original_filename, Variant.created_at, Variant.kind, Variant.quality)
    .join(Variant, Variant.id == File.variant_id)
    .join(Video, Video.id == Variant.video_id)
    .where(Variant.id == bindparam("variant_id"), File.role == FileRole.MAIN, File.trashed_at.is_(None)),
    File,
)
_NAMED = confining(
    select(File, Variant.created_at)
    .join(Variant, Variant.id == File.variant_id)
    .where(Variant.id == bindparam("variant_id"), File.name == bindparam("name"), File.trashed_at.is_(None)),
    File,
)


async def main_file_of_video(session: AsyncSession, video_id: uuid.UUID) -> MainFile:
    """Raises NotFound."""
    wanted = {"video_id": video_id, PROJECT: project_of_task()}
    if (row := (await session.execute(_OF_VIDEO, wanted)).first()) is None:
        await video(session, video_id)
        raise NotFound("no such video")
    return MainFile(*row)


async def main_file_of_variant(session: AsyncSession, variant_id: uuid.UUID) -> MainFile:
    """Raises NotFound."""
    wanted = {"variant_id": variant_id, PROJECT: project_of_task()}
    if (row := (await session.execute(_OF_VARIANT, wanted)).first()) is None:
        await variant(session, variant_id)
        raise NotFound("no such variant")
    return MainFile(*row)


async def any_main_file(session: AsyncSession, video_or_variant_id: uuid.UUID) -> File:
    """Return the main file of the video or variant that has the id. Raises NotFound."""
    owner = or_(File.video_id == video_or_variant_id, File.variant_id == video_or_variant_id)
    file = await session.scalar(select(File).where(owner, File.role == FileRole.MAIN, File.trashed_at.is_(None)))
    if file is None:
        raise NotFound("no such video or variant")
    return file


async def file_of_asset(session: AsyncSession, asset_id: uuid.UUID) -> File:
    """Return the asset's file, as it came. Raises NotFound."""
    file = await session.scalar(select(File).where(File.asset_id == asset_id, File.role == FileRole.MAIN))
    if file is None:
        raise NotFound("no such asset")
    return file


async def named_file(session: AsyncSession, variant_id: uuid.UUID, name: str) -> tuple[File, datetime.datetime]:
    """Return the variant's file that has the name, and when the variant was made. Raises NotFound."""
    wanted = {"variant_id": variant_id, "name": name, PROJECT: project_of_task()}
    if (row := (await session.execute(_NAMED, wanted)).first()) is None:
        await variant(session, variant_id)
        raise NotFound("no such file")
    return row[0], row[1]


async def file_by_key(session: AsyncSession, key: str) -> File:
    """Return the file. Raises NotFound, also for what could be no key: not every string can be asked for."""
    wanted = select(File).where(File.key == key, File.trashed_at.is_(None)).limit(1)
    file = await session.scalar(wanted) if LocalStorage.is_key(key) else None
    if file is None:
        raise NotFound("no such file")
    return file

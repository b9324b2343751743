"""Stored files as downloads: which file, under which name, with which validators."""

from __future__ import annotations

import datetime
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.nginx_accel import Accel
from reelwright.db.models import File
from reelwright.library import queries
from reelwright.library.display_names import result_name


def download(
    services: Services, file: File, *, filename: str, last_modified: datetime.datetime, inline: bool = False
) -> FileDownload:
    """Send a stored file; its SHA-256 is its ETag. It never changes under its address, so that caches may keep it as
    FILE_CACHE_CONTROL says. Other sites may embed it where CORS lets any of them in."""
    return FileDownload(
        services.storage.path(file.key),
        size_bytes=file.size_bytes,
        etag=file.sha256,
        filename=filename,
        content_type=file.content_type,
        last_modified=last_modified,
        inline=inline,
        cache_control=services.settings.cache_control_of_files,
        cross_origin=bool(services.settings.cors_origins),
        accel=Accel(prefix, file.key) if (prefix := services.settings.accel_prefix) else None,
        sent=services.sent_bytes.of(file.project_id),
    )


async def download_video(services: Services, session: AsyncSession, video_id: UUID, **how: bool) -> FileDownload:
    """Return the upload, under the name that it came with. Raises NotFound."""
    found = await queries.main_file_of_video(session, video_id)
    return download(services, found.file, filename=found.original_filename, last_modified=found.made_at, **how)


async def download_variant(services: Services, session: AsyncSession, variant_id: UUID, **how: bool) -> FileDownload:
    """Return a result's main file, named after the upload and what was done to it. Raises NotFound."""
    found = await queries.main_file_of_variant(session, variant_id)
    name = result_name(found.original_filename, found.kind, found.quality, PurePosixPath(found.file.key).suffix)
    return download(services, found.file, filename=name, last_modified=found.made_at, **how)


async def download_file(services: Services, session: AsyncSession, variant_id: UUID, name: str) -> FileDownload:
    """Return any file of a variant, to be shown in the page. Raises NotFound."""
    file, made_at = await queries.named_file(session, variant_id, name)
    return download(services, file, filename=file.name, last_modified=made_at, inline=True)

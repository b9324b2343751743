"""/uploads/..., /processed/... and /variants/...: stored files under their keys, through the download handler, never a
folder: every `stored_path`, and every path that `/api/v1` answers, is found below the root."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

from litestar import HttpMethod, Router, route
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from reelwright.api.context import Services
from reelwright.api.downloads import download, download_variant, download_video
from reelwright.api.http.file_response import FileDownload
from reelwright.api.openapi.operations import operation
from reelwright.db.models import Variant
from reelwright.edits.kinds_and_states import FileRole
from reelwright.library import queries

METHODS = [HttpMethod.GET, HttpMethod.HEAD]
Key = Annotated[
    Path,
    PathParameter(
        description="`{id}/{name}`, what follows the folder in `stored_path`.", schema_extra={"format": None}
    ),
]


async def _send(services: Services, folder: str, key: Path) -> FileDownload:
    async with services.sessions() as session:
        file = await queries.file_by_key(session, f"{folder}/{key.as_posix().lstrip('/')}")
        if file.video_id is not None:
            return await download_video(services, session, file.video_id, inline=True)
        variant = await session.get_one(Variant, file.variant_id)
        if file.role is FileRole.MAIN:
            return await download_variant(services, session, variant.id, inline=True)
    return download(services, file, filename=file.name, last_modified=variant.created_at, inline=True)


@route(
    "/uploads/{video_id:uuid}/{name:str}",
    http_method=METHODS,
    summary="An upload by its key",
    operation_class=operation(download="video/*"),
)
async def uploads(
    video_id: FromPath[UUID],
    name: Annotated[str, PathParameter(description="The last part of `stored_path`.")],
    services: NamedDependency[Services],
) -> FileDownload:
    """The file that a video's `stored_path` names: `uploads/{its id}/{name}`."""
    return await _send(services, "uploads", Path(str(video_id), name))


@route(
    "/processed/{key:path}",
    http_method=METHODS,
    summary="A result by its key",
    operation_class=operation(download="*/*"),
)
async def processed(key: Key, services: NamedDependency[Services]) -> FileDownload:
    """The file that a variant's `stored_path` names."""
    return await _send(services, "processed", key)


@route(
    "/variants/{video_id:uuid}/{variant_id:uuid}/{name:str}",
    http_method=METHODS,
    summary="A rendition by its key",
    operation_class=operation(download="*/*"),
)
async def renditions(
    video_id: FromPath[UUID],
    variant_id: FromPath[UUID],
    name: Annotated[str, PathParameter(description="The last part of `stored_path`.")],
    services: NamedDependency[Services],
) -> FileDownload:
    """The file that the `stored_path` of a transcoded variant names: `variants/{id of the video}/{its id}/{name}`."""
    return await _send(services, "variants", Path(str(video_id), str(variant_id), name))


router = Router("/", route_handlers=[uploads, processed, renditions], tags=["files"])

"""/signed/{token}/...: files for whoever has the address. What follows the token is as without it, so that the relative
addresses of playlists and manifests lead on to signed ones, and nothing is rewritten."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import HttpMethod, Request, Router, route
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from reelwright.access.token_purposes import Purpose
from reelwright.api.context import Services
from reelwright.api.downloads import download_file, download_variant, download_video
from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.redacted_paths import SIGNED
from reelwright.api.http.token_authorization import grant_of, open_to
from reelwright.api.openapi.operations import operation

METHODS = [HttpMethod.GET, HttpMethod.HEAD]
Token = Annotated[str, PathParameter(description="Of `POST /tokens`.")]


def _by(*purposes: Purpose) -> dict[str, Any]:
    return {"scope": None, **open_to(*purposes)}


def _signed(request: Request[Any, Any, Any], answer: FileDownload) -> FileDownload:
    """Caches may keep it as long as the address is good: who has the address may have the file. Pages that it is opened
    in tell nobody where they were."""
    grant = grant_of(request)
    assert grant is not None  # these routes are opened by nothing else
    answer.headers["Cache-Control"] = f"public, max-age={grant.remaining_s}"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@route(
    "/variants/{variant_id:uuid}/files/{name:str}",
    http_method=METHODS,
    summary="Fetch one file of a variant by a signed address",
    operation_class=operation(download="*/*"),
    opt=_by(Purpose.PLAY),
)
async def play(
    token: Token,
    variant_id: FromPath[UUID],
    name: Annotated[str, PathParameter(description="One of the variant's `files`.")],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
) -> FileDownload:
    """As `/variants/{id}/files/{name}`, by a token to `play`."""
    async with services.sessions.single_statements() as session:
        return _signed(request, await download_file(services, session, variant_id, name))


@route(
    "/variants/{variant_id:uuid}/download",
    http_method=METHODS,
    summary="Download a variant by a signed address",
    operation_class=operation(download="*/*"),
    opt=_by(Purpose.DOWNLOAD),
)
async def download_result(
    token: Token, variant_id: FromPath[UUID], request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> FileDownload:
    """As `/variants/{id}/download`, by a token to `download`."""
    async with services.sessions.single_statements() as session:
        return _signed(request, await download_variant(services, session, variant_id))


@route(
    "/videos/{video_id:uuid}/download",
    http_method=METHODS,
    summary="Download a video by a signed address",
    operation_class=operation(download="video/*"),
    opt=_by(Purpose.DOWNLOAD),
)
async def download_upload(
    token: Token, video_id: FromPath[UUID], request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> FileDownload:
    """As `/videos/{id}/download`, by a token to `download`."""
    async with services.sessions.single_statements() as session:
        return _signed(request, await download_video(services, session, video_id))


router = Router(f"{SIGNED}/{{token:str}}", route_handlers=[play, download_result, download_upload], tags=["signed"])

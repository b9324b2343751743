"""/api/v1: upload, list, look up, download."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import HttpMethod, Request, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from reelwright.api.context import Services
from reelwright.api.downloads import download_video
from reelwright.api.http.file_response import FileDownload
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.v1.schemas import V1Job, V1Upload, V1Video, V1VideoList
from reelwright.api.video_uploads import video_upload
from reelwright.edits.kinds_and_states import JobType
from reelwright.error_codes import ERROR_CODES, REFUSED_FILES
from reelwright.errors import Malformed, TooLarge, UnreadableMedia, UnsupportedMedia
from reelwright.jobs import creation
from reelwright.library import queries
from reelwright.library.pages import Wanted


@post(
    "/upload",
    summary="Upload a video (v1)",
    status_code=200,
    request_max_body_size=None,
    operation_class=operation(
        upload="file",
        responses={200: examples.V1_UPLOAD},
        errors=[
            *(Malformed(ERROR_CODES[code].answer, code=code) for code in REFUSED_FILES),
            TooLarge("The file is larger than 10737418240 bytes."),
        ],
    ),
)
async def upload(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> V1Upload:
    """The file is probed while the client waits: the job is born completed. What is not a video is a 400."""
    try:
        async with video_upload(request, services) as (session, video):
            job = await creation.record_done(session, video_id=video.id, type=JobType.UPLOAD_PROBE)
    except (UnsupportedMedia, UnreadableMedia) as error:
        raise Malformed(error.detail, code=error.code) from error
    return V1Upload(**msgspec.structs.asdict(V1Job.of(job)), video_id=video.id)


@get("/videos", summary="List videos (v1)", operation_class=operation(responses={200: examples.V1_VIDEOS}))
async def list_videos(
    services: NamedDependency[Services],
    skip: Annotated[int, QueryParameter(ge=0, le=1_000_000_000, description="So many are left out.")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=200, description="Videos a page.")] = 100,
) -> V1VideoList:
    """Newest first."""
    async with services.sessions() as session:
        part = await queries.videos(session, wanted := Wanted(size=limit, offset=skip))
    videos = [V1Video.of(video) for video in part.rows]
    return V1VideoList(videos=videos, total=part.total, page=wanted.page, limit=limit)


@get(
    "/videos/{video_id:uuid}",
    summary="Look up a video (v1)",
    operation_class=operation(responses={200: examples.V1_VIDEO}),
)
async def get_video(video_id: FromPath[UUID], services: NamedDependency[Services]) -> V1Video:
    """All that v1 clients know of an upload."""
    async with services.sessions() as session:
        return V1Video.of(await queries.video(session, video_id))


@route(
    "/videos/{video_id:uuid}/download",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a video (v1)",
    operation_class=operation(download="video/*"),
)
async def download(video_id: FromPath[UUID], services: NamedDependency[Services]) -> FileDownload:
    """The upload as it came."""
    async with services.sessions() as session:
        return await download_video(services, session, video_id)

"""/videos: upload, list, look up, download, delete."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import HttpMethod, Request, Response, Router, delete, get, patch, post, put, route
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from reelwright.access.keep_rules import MAX_KEEP_S
from reelwright.access.token_purposes import Purpose
from reelwright.api.context import Services
from reelwright.api.downloads import download_video
from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.token_authorization import open_to
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.keeping import StoredPatch, VideoSaidIn
from reelwright.api.schemas.label_filters import ExternalIdParameter, MetadataParameter, TagParameter
from reelwright.api.schemas.pages import After, PageNumber, PageSize, wanted
from reelwright.api.schemas.variants import VariantOut
from reelwright.api.schemas.videos import VideoOut, VideoPage
from reelwright.api.video_uploads import raw_video_upload, video_upload
from reelwright.db.models import Video
from reelwright.db.ownership import project_of_new
from reelwright.error_codes import ERROR_CODES, REFUSED_FILES
from reelwright.errors import (
    FieldError,
    InvalidInput,
    NoSpace,
    RequestTimeout,
    TooLarge,
    UnreadableMedia,
    UnsupportedMedia,
)
from reelwright.library import deletion, queries, retention, stored_labels

Order = Literal[
    "upload_time",
    "-upload_time",
    "size_bytes",
    "-size_bytes",
    "duration_sec",
    "-duration_sec",
    "original_filename",
    "-original_filename",
]


LOCATION = ResponseHeader(
    name="Location", description="Address of the video: `/videos/{id}`.", documentation_only=True, required=True
)


UPLOAD_ERRORS = [
    *(
        (UnsupportedMedia if ERROR_CODES[code].status == 415 else UnreadableMedia)(ERROR_CODES[code].answer, code=code)
        for code in REFUSED_FILES
    ),
    TooLarge("The file is larger than 10737418240 bytes."),
    RequestTimeout("Nothing came for 60 s."),
    NoSpace("there is no room for 1055736 more bytes on the storage disk"),
]


@post(
    "/upload",
    summary="Upload a video",
    request_max_body_size=None,
    response_headers=[LOCATION],
    operation_class=operation(upload="file", form=VideoSaidIn, responses={201: examples.VIDEO}, errors=UPLOAD_ERRORS),
    opt=open_to(Purpose.UPLOAD),
)
async def upload(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[VideoOut]:
    """Streams the file to disk, hashes and probes it, and answers with all that is known of it.

    The type is decided by content, never by name or header. What is refused leaves nothing behind. Fields that stand
    before the file are read before it: what is wrong with them is said at once.
    """
    async with video_upload(request, services, with_fields=True) as (_, video):
        pass
    location = services.addresses.video(video.id)
    return Response(VideoOut.of(video, services.addresses), headers={"Location": location})


@put(
    "/",
    summary="Upload a video as it is",
    status_code=201,
    request_max_body_size=None,
    response_headers=[LOCATION],
    operation_class=operation(
        raw_body="application/octet-stream", responses={201: examples.VIDEO}, errors=UPLOAD_ERRORS
    ),
    opt=open_to(Purpose.UPLOAD),
)
async def put_video(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    filename: Annotated[str, QueryParameter(description="What the file is called: it is shown, and never a path.")],
    title: Annotated[str | None, QueryParameter(description="For people: what it is called.")] = None,
    tags: Annotated[list[str] | None, QueryParameter(description="Words to find it by; once for each.")] = None,
    external_id: Annotated[str | None, QueryParameter(description="What your own system calls it.")] = None,
    metadata: Annotated[str | None, QueryParameter(description="A JSON object that you want to keep with it.")] = None,
    keep_s: Annotated[
        int | None,
        QueryParameter(
            ge=0, le=MAX_KEEP_S, description="So long it is kept, seconds; 0: for good. Omitted: as the rules say."
        ),
    ] = None,
) -> Response[VideoOut]:
    """For scripts: the body is the file itself (`curl -T holiday.mp4 ...`), without a form around it. Whatever type it
    is sent as, its content decides. Otherwise as `POST /videos/upload`."""
    one = {"title": title, "external_id": external_id, "metadata": metadata}
    said = {name: [value] for name, value in one.items() if value is not None} | {"tags": tags or []}
    video = await raw_video_upload(request, services, filename=filename, said=said, keep_s=keep_s)
    location = services.addresses.video(video.id)
    return Response(VideoOut.of(video, services.addresses), headers={"Location": location})


@get("/", summary="List videos", operation_class=operation(responses={200: examples.VIDEOS}))
async def list_videos(
    services: NamedDependency[Services],
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: After = None,
    order: Annotated[
        Order, QueryParameter(description="Field to order by; a minus before it: descending.")
    ] = "-upload_time",
    tag: TagParameter = None,
    external_id: ExternalIdParameter = None,
    metadata: MetadataParameter = None,
) -> VideoPage:
    """Newest first, unless another order is asked for; only what has all that is named. `chapter_marks` of `media_info`
    are left out: `GET /videos/{id}` has them."""
    descending = order.startswith("-") if order.endswith("upload_time") else None
    asked = wanted(page, page_size, cursor, tag=tag, external_id=external_id, metadata=metadata, descending=descending)
    async with services.sessions() as session:
        part = await queries.videos(session, asked, order)
    items = [VideoOut.of(video, services.addresses, in_list=True) for video in part.rows]
    return VideoPage.of(part, asked, items)


@get(
    "/{video_id:uuid}",
    summary="Look up a video",
    operation_class=operation(responses={200: examples.VIDEO}),
    opt=open_to(Purpose.READ),
)
async def get_video(video_id: FromPath[UUID], services: NamedDependency[Services]) -> VideoOut:
    """All that is known of an upload."""
    async with services.sessions() as session:
        return VideoOut.of(await queries.video(session, video_id), services.addresses)


@patch(
    "/{video_id:uuid}",
    summary="Change what is said of a video",
    operation_class=operation(
        request_examples=examples.CHANGES,
        responses={200: examples.VIDEO},
        errors=[InvalidInput([FieldError("/metadata/customer", "holds a control character: U+0007")])],
    ),
)
async def change_video(
    video_id: FromPath[UUID], data: JSONBody[StoredPatch], services: NamedDependency[Services]
) -> VideoOut:
    """What is left out stays as it is, `null` takes it away; `tags` and `metadata` are replaced as a whole.
    `keep_s` counts from now; null: as the project's rule says."""
    labels, given = data.change()
    async with services.sessions.begin() as session:
        await stored_labels.change(session, Video, video_id, labels, given)
        if data.keep_s is not UNSET:
            await retention.change(session, Video, video_id, data.keep_s, services.keep_rules)
        return VideoOut.of(await queries.video(session, video_id), services.addresses)


@get(
    "/{video_id:uuid}/variants",
    summary="List a video's variants",
    operation_class=operation(responses={200: [examples.VARIANT]}),
)
async def list_variants(video_id: FromPath[UUID], services: NamedDependency[Services]) -> list[VariantOut]:
    """Everything that was made of the video, newest first."""
    async with services.sessions() as session:
        variants = await queries.variants(session, video_id)
    return [VariantOut.of(variant, files, services.addresses) for variant, files in variants]


@route(
    "/{video_id:uuid}/download",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a video",
    operation_class=operation(download="video/*"),
)
async def download(video_id: FromPath[UUID], services: NamedDependency[Services]) -> FileDownload:
    """The upload as it came. Takes `Range`, `If-Range`, `If-None-Match` and `HEAD`."""
    async with services.sessions.single_statements() as session:
        return await download_video(services, session, video_id)


@delete("/{video_id:uuid}", summary="Delete a video", operation_class=operation(errors=[examples.IN_USE]))
async def delete_video(video_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """Deletes the upload and everything that was made of it. 409 `in_use` while an unfinished job reads any of it.

    Where TRASH_DAYS, or the project's rule, says so, it can be had back for a while: `POST /videos/{id}/undelete`."""
    async with services.sessions.begin() as session:
        rules = await retention.rules_of(session, project_of_new(), services.keep_rules)
        keys = await deletion.delete_video(session, video_id, trash_s=rules.trash_s)
    await deletion.remove_files(services.storage, keys)


router = Router(
    "/videos",
    route_handlers=[upload, put_video, list_videos, get_video, change_video, list_variants, download, delete_video],
    tags=["videos"],
)

"""/uploads: files that come in several requests, by tus 1.0.0; how far they are, for whoever asks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Response, Router, delete, get, head, patch, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_204_NO_CONTENT

from reelwright.access.concurrent_uploads import uploading
from reelwright.access.scopes import Scope
from reelwright.access.token_purposes import Purpose, Subject
from reelwright.api.context import Services
from reelwright.api.http import tus
from reelwright.api.http.authorization import is_still_allowed
from reelwright.api.http.event_stream import EventStream
from reelwright.api.http.idempotency import HEADER
from reelwright.api.http.paced_body import left_where_it_is
from reelwright.api.http.token_authorization import open_to, require_one_file, spend
from reelwright.api.openapi import upload_examples as examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.tokens import TokenInQuery
from reelwright.api.schemas.upload_forms import said_in_metadata
from reelwright.api.schemas.uploads import UploadOut
from reelwright.api.video_uploads import measured_body
from reelwright.db.models import Upload
from reelwright.errors import FieldError, InvalidInput, UnsupportedMedia
from reelwright.library.resumable_upload_rows import UploadRefused

EXAMINED_WITHIN_S = 25.0
"""So long the last request waits for another process to have examined the file; proxies give up after 60 s."""

OFFSET_HEADER = ResponseHeader(name="Upload-Offset", description="How many bytes are there.", documentation_only=True)
VIDEO_HEADER = ResponseHeader(
    name=tus.VIDEO_ID, description="With the last byte: the video that it became.", documentation_only=True
)
LOCATION = ResponseHeader(
    name="Location", description="Address of the upload: `/uploads/{id}`.", documentation_only=True, required=True
)


@post(
    "/",
    summary="Begin an upload that can be resumed",
    status_code=201,
    guards=[tus.speaks_tus],
    request_max_body_size=None,
    media_type=MediaType.TEXT,
    response_headers=[LOCATION, OFFSET_HEADER, VIDEO_HEADER],
    operation_class=operation(request_headers=examples.CREATION_HEADERS, errors=examples.CREATION_ERRORS),
)
async def begin(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[None]:
    """tus 1.0.0, *creation*: the answer's `Location` is where the bytes go, by PATCH; they may come with this request.

    With `Upload-Concat: partial` it is a part; with `final;` and the addresses of parts it is all of them.
    """
    headers = request.headers
    with left_where_it_is(request):
        joined = tus.concatenation(headers)
        if HEADER in headers and (_brings_bytes(request) or (joined is not None and joined.parts is not None)):
            raise InvalidInput([FieldError(f"header:{HEADER}", "is taken with the creation of an empty upload alone")])
        client_metadata = headers.get("upload-metadata", "")
        pairs = tus.metadata(client_metadata)
        said: dict[str, Any] = {
            "filename": tus.filename(pairs),
            "said": said_in_metadata(pairs),
            "client_metadata": client_metadata,
        }
        if joined is not None and joined.parts is not None:
            require_one_file(request, None, is_joined=True)
            upload = await services.uploads.join(joined.parts, **said)
        else:
            length = tus.length(headers)
            require_one_file(request, length, is_joined=joined is not None)
            async with uploading(services.sessions, length or 0):
                upload = await services.uploads.create(
                    length_bytes=length,
                    is_part=joined is not None,
                    along=lambda session, upload_id: spend(request, session, Subject.UPLOAD, upload_id),
                    **said,
                )
            services.upload_writers.expect(upload)
        answer = {"Location": services.addresses.upload(upload.id)}
        if _brings_bytes(request):
            upload, offset = await _appended(request, services, upload.id, at=0)
            answer["Upload-Offset"] = str(offset)
        return Response(None, headers={**answer, **await _concluded(services, upload)})


@patch(
    "/{upload_id:uuid}",
    summary="Add bytes to an upload",
    status_code=HTTP_204_NO_CONTENT,
    guards=[tus.speaks_tus],
    request_max_body_size=None,
    response_headers=[OFFSET_HEADER, VIDEO_HEADER],
    # the bytes are in no `requestBody`: generators of clients give up on a kind that they do not know
    operation_class=operation(request_headers=examples.APPEND_HEADERS, errors=examples.APPEND_ERRORS),
)
async def append(
    upload_id: FromPath[UUID], request: Request[Any, Any, Any], services: NamedDependency[Services]
) -> Response[None]:
    """tus 1.0.0: the body is bytes, `application/offset+octet-stream`. What came before the connection broke stays: ask
    by HEAD where to go on. The request that brings the last byte is answered once the file has been examined: with the
    video's id, or with why it is not taken."""
    with left_where_it_is(request):
        if not _brings_bytes(request):
            raise UnsupportedMedia(f"The bytes must be sent as {tus.CONTENT_TYPE}.")
        at = tus.required_number(request.headers, "Upload-Offset")
        upload, offset = await _appended(request, services, upload_id, at=at)
        return Response(None, headers={"Upload-Offset": str(offset), **await _concluded(services, upload)})


@head(
    "/{upload_id:uuid}",
    summary="Where an upload can be gone on with",
    media_type=MediaType.TEXT,
    response_headers=[OFFSET_HEADER, VIDEO_HEADER],
    operation_class=operation(),
)
async def where(upload_id: FromPath[UUID], services: NamedDependency[Services]) -> Response[None]:
    """tus 1.0.0. Whoever is still writing it is ended: a connection that is dead, and does not know it, keeps nobody
    from going on. To look without ending anything: GET."""
    upload, offset = await services.uploads.settle(upload_id)
    if upload.state == "whole" and not upload.is_part:
        upload = await services.upload_feeds.examined(upload_id, EXAMINED_WITHIN_S)
    if upload.problem is not None:
        raise UploadRefused(upload.problem)
    parts = [services.addresses.upload(part_id) for part_id in upload.parts]
    return Response(None, headers={**tus.told(upload, offset, parts), **_video(upload)})


@delete(
    "/{upload_id:uuid}",
    summary="End an upload",
    guards=[tus.speaks_tus],
    operation_class=operation(request_headers=examples.TUS_HEADERS, errors=examples.TUS_ERRORS),
)
async def terminate(upload_id: FromPath[UUID], services: NamedDependency[Services]) -> None:
    """tus 1.0.0, *termination*: its bytes go. A video that it became stays: `DELETE /videos/{id}`."""
    await services.uploads.abort(upload_id)


@get("/{upload_id:uuid}", summary="How far an upload is", operation_class=operation(responses={200: examples.UPLOAD}))
async def get_upload(upload_id: FromPath[UUID], services: NamedDependency[Services]) -> Response[UploadOut]:
    """How many bytes are there, and what became of it. No part of tus: needs no `Tus-Resumable`, and ends nothing."""
    upload = await services.uploads.find(upload_id)
    told = UploadOut.of(upload, await services.uploads.offset(upload), services.addresses)
    return Response(told, headers={"Cache-Control": "no-store"})


@get(
    "/{upload_id:uuid}/events",
    summary="Follow an upload live",
    media_type="text/event-stream",
    operation_class=operation(bodies=["text/event-stream"]),
    opt=open_to(Purpose.UPLOAD, in_query=True),
)
async def follow(
    upload_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    token: TokenInQuery = None,
) -> Response[None]:
    """Server-sent events: `upload`, with the JSON of `GET /uploads/{id}`, whenever that changes. The stream ends when
    the upload is `stored`, `refused` or gone."""
    await services.uploads.find(upload_id)
    return EventStream(
        services.upload_feeds.follow(upload_id),
        closing=services.notifier.closing,
        is_still_allowed=lambda: is_still_allowed(request.scope),
    )


def _brings_bytes(request: Request[Any, Any, Any]) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == tus.CONTENT_TYPE:
        return True
    if (request.content_length or 0) > 0 or "transfer-encoding" in request.headers:
        raise UnsupportedMedia(f"The bytes must be sent as {tus.CONTENT_TYPE}.")
    return False


async def _appended(
    request: Request[Any, Any, Any], services: Services, upload_id: UUID, *, at: int
) -> tuple[Upload, int]:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("The bytes must not be compressed.")
    checksum = tus.checksum(request.headers)
    length_bytes = tus.number(request.headers, "Upload-Length")
    async with uploading(services.sessions, request.content_length or 0):
        with services.notifier.subscribe(upload_id) as news:
            return await services.upload_writers.append(
                upload_id,
                lambda room_bytes: measured_body(request, services.settings, room_bytes),
                at=at,
                news=news,
                length_bytes=length_bytes,
                checksum=checksum,
            )


async def _concluded(services: Services, upload: Upload) -> dict[str, str]:
    """What the last byte brings about, in headers. Raises what the file is refused for."""
    if upload.state == "whole" and not upload.is_part:
        await services.completions.completed(upload)
        upload = await services.upload_feeds.examined(upload.id, EXAMINED_WITHIN_S)
    if upload.problem is not None:
        raise UploadRefused(upload.problem)
    return {**({} if upload.state == "stored" else tus.expiry(upload)), **_video(upload)}


def _video(upload: Upload) -> dict[str, str]:
    return {} if upload.video_id is None else {tus.VIDEO_ID: str(upload.video_id)}


router = Router(
    "/uploads",
    route_handlers=[begin, append, where, terminate, get_upload, follow],
    tags=["uploads"],
    opt={"scope": Scope.WRITE, **open_to(Purpose.UPLOAD)},
)

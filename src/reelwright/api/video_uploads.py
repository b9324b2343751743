"""The file of a request as a stored video, counted and measured; what else requests say of such a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from litestar import Request
from litestar.exceptions import NotAuthorizedException
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.concurrent_uploads import uploading
from reelwright.access.token_purposes import Subject
from reelwright.api.context import Services
from reelwright.api.http.disconnection import is_of_a_client_that_went
from reelwright.api.http.multipart import MAX_OVERHEAD_BYTES, IncomingFile, incoming_file
from reelwright.api.http.paced_body import PacedBody, left_where_it_is
from reelwright.api.http.token_authorization import spend, upload_limit
from reelwright.api.http.upload_checksum import declared_checksum
from reelwright.api.schemas.upload_forms import FORM_FIELDS, REPEATED_FORM_FIELDS, said_in_form
from reelwright.capacity.room_for_uploads import room_for
from reelwright.db.models import Video
from reelwright.errors import ReelwrightError
from reelwright.library import uploads
from reelwright.library.display_names import display_name
from reelwright.settings import Settings
from reelwright.telemetry import metrics


@asynccontextmanager
async def video_upload(
    request: Request[Any, Any, Any], services: Services, *, with_fields: bool = False
) -> AsyncIterator[tuple[AsyncSession, Video]]:
    """Store the file of the request; what is written inside is committed with the video's row. `with_fields`: its form
    may say what the client calls it, and how long it is kept."""
    settings = services.settings
    with _counted():
        async with (
            uploading(services.sessions, file_bytes(request)),
            incoming_file(
                request,
                texts=FORM_FIELDS if with_fields else (),
                repeated=REPEATED_FORM_FIELDS,
                max_file_bytes=upload_limit(request, settings.max_upload_bytes),
                idle_timeout_s=settings.upload_idle_timeout_s,
            ) as incoming,
            room_for(services.sessions, services.storage, file_bytes(request)) as arriving,
            uploads.storing_video(
                arriving.counted(_measured(of_right_fields(incoming, said_in_form))),
                filename=incoming.filename,
                storage=services.storage,
                prober=services.prober,
                sessions=services.sessions,
                expected_bytes=request.content_length or 0,
                expected_sha256=declared_checksum(request.scope),
                said=lambda: said_in_form(incoming.fields),
                keep_rules=services.keep_rules,
            ) as (session, video),
        ):
            await spend(request, session, Subject.VIDEO, video.id)
            yield session, video


def file_bytes(request: Request[Any, Any, Any]) -> int:
    """Return how large the file of a form is at least."""
    return max(0, (request.content_length or 0) - MAX_OVERHEAD_BYTES)


async def raw_video_upload(
    request: Request[Any, Any, Any],
    services: Services,
    *,
    filename: str,
    said: Mapping[str, Sequence[str]],
    keep_s: int | None,
) -> Video:
    """Store the body of the request as a video. `said`, `keep_s`: what comes in fields with a form's file, from
    elsewhere."""
    with _counted(), left_where_it_is(request):
        told = replace(said_in_form(said), keep_s=keep_s)
        expected_bytes = request.content_length or 0
        body = measured_body(request, services.settings, upload_limit(request, services.settings.max_upload_bytes))
        async with (
            uploading(services.sessions, expected_bytes),
            room_for(services.sessions, services.storage, expected_bytes) as arriving,
            uploads.storing_video(
                arriving.counted(body),
                filename=display_name(filename),
                storage=services.storage,
                prober=services.prober,
                sessions=services.sessions,
                expected_bytes=expected_bytes,
                expected_sha256=declared_checksum(request.scope),
                said=lambda: told,
                keep_rules=services.keep_rules,
            ) as (session, video),
        ):
            await spend(request, session, Subject.VIDEO, video.id)
    return video


def measured_body(request: Request[Any, Any, Any], settings: Settings, max_bytes: int) -> AsyncIterator[bytes]:
    """The bytes of a request whose body is a file, or a part of one. Raises TooLarge, RequestTimeout."""
    return _measured(PacedBody(request, max_bytes, settings.upload_idle_timeout_s).chunks())


async def of_right_fields(
    incoming: IncomingFile, read: Callable[[Mapping[str, Sequence[str]]], object]
) -> AsyncIterator[bytes]:
    """The file's bytes. Fields that `read` refuses end the upload as soon as they have come: before the file, or before
    it is examined. They are short: who needs what they say reads them again."""
    read(incoming.fields)
    async for chunk in incoming.chunks():
        yield chunk
    read(incoming.fields)


@contextmanager
def _counted() -> Iterator[None]:
    outcome = "cut off"
    try:
        yield
        outcome = "stored"
    except ReelwrightError as error:
        outcome = error.code
        raise
    except NotAuthorizedException:  # its token was used by another upload meanwhile
        outcome = "unauthorized"
        raise
    except Exception as error:
        if not is_of_a_client_that_went(error):
            outcome = "internal"
        raise
    finally:
        metrics.UPLOADS.labels(outcome).inc()


async def _measured(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        metrics.UPLOAD_BYTES.inc(len(chunk))
        yield chunk

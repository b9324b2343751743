"""The file of a multipart request as a stored video, counted and measured."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from litestar import Request
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import admission
from reelwright.api.context import Services
from reelwright.api.http.idempotency import declared_checksum
from reelwright.api.http.multipart import IncomingFile, incoming_file
from reelwright.api.http.problems import is_of_a_client_that_went
from reelwright.api.schemas.labels import FORM_FIELDS, REPEATED_FORM_FIELDS, labels_of_form
from reelwright.db.models import Video
from reelwright.errors import ReelwrightError
from reelwright.library import uploads
from reelwright.telemetry import metrics

FORM_BYTES = 64 * 1024
"""Nothing that comes beside a file is larger."""


@asynccontextmanager
async def video_upload(
    request: Request[Any, Any, Any], services: Services, *, with_labels: bool = False
) -> AsyncIterator[tuple[AsyncSession, Video]]:
    """Store the file of the request; what is written inside is committed with the video's row. `with_labels`: its form
    may say what the client calls it."""
    settings = services.settings
    with _counted():
        async with (
            admission.uploading(services.sessions, file_bytes(request)),
            incoming_file(
                request,
                texts=FORM_FIELDS if with_labels else (),
                repeated=REPEATED_FORM_FIELDS,
                max_file_bytes=settings.max_upload_bytes,
                idle_timeout_s=settings.upload_idle_timeout_s,
            ) as incoming,
            uploads.storing_video(
                _measured(_labelled(incoming)),
                filename=incoming.filename,
                storage=services.storage,
                prober=services.prober,
                sessions=services.sessions,
                expected_bytes=request.content_length or 0,
                expected_sha256=declared_checksum(request.scope),
                labels=lambda: labels_of_form(incoming.fields),
            ) as stored,
        ):
            yield stored


def file_bytes(request: Request[Any, Any, Any]) -> int:
    """Return how large the file of a form is at least."""
    return max(0, (request.content_length or 0) - FORM_BYTES)


async def _labelled(incoming: IncomingFile) -> AsyncIterator[bytes]:
    """The file's bytes. Wrong labels end the upload as soon as they have come: before the file, or before it is
    examined."""
    labels_of_form(incoming.fields)
    async for chunk in incoming.chunks():
        yield chunk
    labels_of_form(incoming.fields)


@contextmanager
def _counted() -> Iterator[None]:
    outcome = "cut off"
    try:
        yield
        outcome = "stored"
    except ReelwrightError as error:
        outcome = error.code
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

"""The route that makes renditions: several qualities of one video, by one decode."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from reelwright.api.context import Services
from reelwright.api.openapi import examples, request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.queued_or_explained import Answer, ValidateOnly, answer
from reelwright.api.schemas.accepted_jobs import LOCATION
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.transcode import TranscodeIn
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.draft import draft_transcode
from reelwright.jobs.from_original import of_original
from reelwright.jobs.source_of_edit import find_source


@post(
    "/transcode/{video_or_variant_id:uuid}",
    summary="Make several qualities",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=request_examples.TRANSCODES,
        responses={202: examples.ACCEPTED},
        errors=[
            NotFound("no such video or variant"),
            InvalidInput([FieldError("/qualities/1", "720p is named twice")]),
        ],
    ),
)
async def transcode_video(
    video_or_variant_id: FromPath[UUID],
    data: JSONBody[TranscodeIn],
    services: NamedDependency[Services],
    validate_only: ValidateOnly = False,
) -> Answer:
    """All renditions come from one decode, and all are there when the job succeeds, or none.

    A quality is a box that the upright picture fits into: 1080p is 1920x1080, turned for a portrait. Aspect and frame
    rate are kept, sides are even. Interlaced pictures become progressive; for H.264, HDR becomes SDR. An empty object
    asks for the usual qualities.
    """
    labels = labels_of(data)
    await services.embedded_texts.require_read(video_or_variant_id)
    try:
        async with services.sessions.begin() as session:
            source = await find_source(session, video_or_variant_id)
            draft = draft_transcode(source, data.ladder(), data.sidecars, pointers=data.pointers)
            images = services.overlay_images
            draft = await of_original(session, draft, images, data.source_subtitles, data.source_chapters)
            return await answer(services, session, draft, data, labels=labels, validate_only=validate_only)
    except NotFound as error:
        raise NotFound(error.detail) from error  # the path names it, no field does


router = Router("/", route_handlers=[transcode_video], tags=["edits"])

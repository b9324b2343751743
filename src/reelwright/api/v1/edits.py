"""/api/v1: the routes that make new videos of old ones."""

from __future__ import annotations

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.v1.schemas import V1Job, V1Overlay, V1Quality, V1Trim, V1Watermark
from reelwright.db.models import Job
from reelwright.edits.ladder import BOXES
from reelwright.edits.layers import AnyLayer
from reelwright.edits.pointers import Pointer
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.draft import Draft, draft_transcode, draft_trim
from reelwright.jobs.draft_overlay import drafted_overlay
from reelwright.jobs.source_of_edit import find_source
from reelwright.jobs.submit import submit
from reelwright.media.images.font_languages import families


class BadValues(InvalidInput):
    """Times that no cut can be made of, qualities that there are not: a 400 on this surface."""

    status = 400


MISSING = ("asset_missing", "not_found", "file_missing")
"""Codes behind a field that names a picture or a video which is not there."""

LAYER = Pointer(
    names={
        "text": "content",
        "image_path": "content",
        "video_path": "content",
        "font": "language",
        "color": "font_color",
        "start": "start_time",
        "end": "end_time",
        "x": "position_x",
        "y": "position_y",
    }
)
"""What this surface calls the fields of a layer."""


@post(
    "/trim",
    summary="Trim a video (v1)",
    status_code=200,
    operation_class=operation(
        request_examples={"seconds": examples.V1_TRIM},
        responses={200: examples.V1_JOB},
        errors=[NotFound("no such video"), BadValues([FieldError("/end_time", "is not after start_time")])],
    ),
)
async def trim_video(data: JSONBody[V1Trim], services: NamedDependency[Services]) -> V1Job:
    """As `POST /trim`, but an end that is not after the start, or is beyond the video's, is a 400."""
    if data.end_time <= data.start_time:
        raise BadValues([FieldError("/end_time", "is not after start_time")])
    async with services.sessions.begin() as session:
        source = await find_source(session, data.video_id)
        duration_s = source.facts.media.duration_s
        if duration_s is not None and data.end_time > max(duration_s, round(duration_s, 3)):  # as v1 shows it
            raise BadValues([FieldError("/end_time", f"is beyond the end of the video ({duration_s} s)")])
        pointer = Pointer(names={"start": "start_time", "end": "end_time"})
        draft = draft_trim(source, data.start_time, data.end_time, pointer=pointer)
        job = await _submitted(services, session, draft)
    return V1Job.of(job)


async def _submitted(services: Services, session: AsyncSession, draft: Draft) -> Job:
    return await submit(
        session,
        draft,
        max_failures=services.settings.max_failures,
        keep_rules=services.keep_rules,
        past_of=services.past.of,
    )


async def _lay(services: Services, video_id: UUID, layer: AnyLayer, pointer: Pointer, path_field: str) -> V1Job:
    """Queue an overlay of one layer. A picture or a video that is not there is a 404 here."""
    try:
        async with drafted_overlay(services.layer_sources, video_id, None, (layer,), pointers=(pointer,)) as (
            session,
            draft,
        ):
            job = await _submitted(services, session, draft)
    except InvalidInput as invalid:
        for error in invalid.errors:
            if error.pointer == f"/{path_field}" and error.code in MISSING:
                raise NotFound(error.detail, code="asset_missing") from invalid
        raise
    return V1Job.of(job)


@post(
    "/overlay",
    summary="Lay something over a video (v1)",
    status_code=200,
    operation_class=operation(
        request_examples={"text": examples.V1_OVERLAY},
        responses={200: examples.V1_JOB},
        errors=[NotFound("there is no picture 'x.png' in the assets folder", code="asset_missing")],
    ),
)
async def overlay_video(data: JSONBody[V1Overlay], services: NamedDependency[Services]) -> V1Job:
    """One text, picture or video. A language that is unknown, or has no font here, takes the default font."""
    book = await services.overlay_images.fonts() if data.overlay_type == "text" else None
    font = next((family for family in families(data.language) if family in book), None) if book is not None else None
    return await _lay(services, data.video_id, data.layer(font), LAYER, "content")


@post(
    "/watermark",
    summary="Watermark a video (v1)",
    status_code=200,
    operation_class=operation(
        request_examples={"corner": examples.V1_WATERMARK},
        responses={200: examples.V1_JOB},
        errors=[NotFound("there is no picture 'x.png' in the assets folder", code="asset_missing")],
    ),
)
async def watermark_video(data: JSONBody[V1Watermark], services: NamedDependency[Services]) -> V1Job:
    """A picture below the assets folder, over the whole video."""
    pointer = Pointer(names={"image_path": "watermark_path"})
    return await _lay(services, data.video_id, data.layer(), pointer, "watermark_path")


@post(
    "/quality",
    summary="Make several qualities (v1)",
    status_code=200,
    operation_class=operation(
        request_examples={"two": examples.V1_QUALITY},
        responses={200: examples.V1_JOB},
        errors=[NotFound("no such video"), BadValues([FieldError("/qualities/0", "is no quality")])],
    ),
)
async def make_qualities(data: JSONBody[V1Quality], services: NamedDependency[Services]) -> V1Job:
    """As `POST /transcode`: all that are named are made, also above the video's own size; a bad one is a 400."""
    wrong = [
        FieldError(f"/qualities/{place}", f"is no quality: {', '.join(BOXES)}")
        for place, name in enumerate(data.qualities)
        if name not in list(BOXES)
    ]
    if wrong:
        raise BadValues(wrong)
    try:
        async with services.sessions.begin() as session:
            draft = draft_transcode(await find_source(session, data.video_id), data.ladder())
            job = await _submitted(services, session, draft)
    except InvalidInput as invalid:
        raise BadValues(invalid.errors) from invalid
    return V1Job.of(job)

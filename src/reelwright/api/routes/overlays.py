"""/overlays and /watermark: texts, images and videos laid over a video."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.openapi import examples, request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.queued_or_explained import Answer, ValidateOnly, answer
from reelwright.api.schemas.accepted_jobs import LOCATION
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.overlays import OverlaysIn, PlacedWatermarkIn
from reelwright.edits.splice_structs import CutMode
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.draft import Draft
from reelwright.jobs.draft_overlay import drafted_overlay
from reelwright.jobs.from_original import of_original


@post(
    "/overlays",
    summary="Lay texts, images and videos over a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=request_examples.OVERLAYS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/overlays/0/color", "is no colour")])],
    ),
)
async def overlay_video(
    data: JSONBody[OverlaysIn], services: NamedDependency[Services], validate_only: ValidateOnly = False
) -> Answer:
    """All in one encode; the sound is kept where the container takes it. Texts are shaped right in any script that a
    font is there for.

    Positions are pixels, arithmetic on `W H w h tw th` (see the schema), or an anchor with a margin. A picture is one
    of the assets folder (`logo.png`) or one that was uploaded with `POST /assets` (`asset:<id>`); a video is named by
    `video:<id>`, `variant:<id>` or its stored path.

    `"reencode": "touched"` codes those frames alone that layers with `start` and `end` lie on, and copies the rest.
    """
    if not data.layers:  # the step would say so of a field that is not in this request
        raise InvalidInput([FieldError("/overlays", "is empty, and there is no watermark")])
    return await _answer(services, data, validate_only=validate_only)


@post(
    "/watermark",
    summary="Watermark a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=request_examples.WATERMARKS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/image_path", "no such asset")])],
    ),
)
async def watermark_video(
    data: JSONBody[PlacedWatermarkIn], services: NamedDependency[Services], validate_only: ValidateOnly = False
) -> Answer:
    """A picture over the whole video, in a corner or the middle; named as in `/overlays`: `logo.png`, `asset:<id>`."""
    return await _answer(services, data, validate_only=validate_only)


async def _answer(services: Services, data: OverlaysIn | PlacedWatermarkIn, *, validate_only: bool) -> Answer:
    labels = labels_of(data)
    mode: CutMode = "smart" if data.reencode == "touched" else "exact"
    await services.embedded_texts.require_read(data.video_id)
    async with services.surveyor.surveyed(partial(_drafted, services, data, mode), mode) as (session, draft):
        return await answer(services, session, draft, data, labels=labels, validate_only=validate_only)


@asynccontextmanager
async def _drafted(
    services: Services, data: OverlaysIn | PlacedWatermarkIn, mode: CutMode
) -> AsyncIterator[tuple[AsyncSession, Draft]]:
    """What a request asks for, drafted. Raises NotFound, InvalidInput."""
    async with drafted_overlay(
        services.layer_sources,
        data.video_id,
        data.source_variant_id,
        data.layers,
        coding=data.coding(data.audio, "copy"),
        codec_is_named=data.codec is not None,
        mode=mode,
        pointers=data.pointers,
    ) as (session, draft):
        images = services.overlay_images
        yield session, await of_original(session, draft, images, data.source_subtitles, data.source_chapters)


router = Router("/", route_handlers=[overlay_video, watermark_video], tags=["edits"])

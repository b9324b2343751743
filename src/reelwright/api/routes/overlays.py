"""/overlays and /watermark: texts, images and videos laid over a video."""

from __future__ import annotations

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.edits import OverlaysIn, PlacedWatermarkIn
from reelwright.api.schemas.jobs import LOCATION, JobAccepted, accepted
from reelwright.api.schemas.labels import labels_of
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.submit import submit
from reelwright.jobs.submit_overlay import drafted_overlay


@post(
    "/overlays",
    summary="Lay texts, images and videos over a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.OVERLAYS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/overlays/0/color", "is no colour")])],
    ),
)
async def overlay_video(data: JSONBody[OverlaysIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """All in one encode; the sound is kept where the container takes it. Texts are shaped right in any script that a
    font is there for.

    Positions are pixels, arithmetic on `W H w h tw th` (see the schema), or an anchor with a margin. A picture is one
    of the assets folder (`logo.png`) or one that was uploaded with `POST /assets` (`asset:<id>`); a video is named by
    `video:<id>`, `variant:<id>` or its stored path.
    """
    if not data.layers:
        raise InvalidInput([FieldError("/overlays", "is empty, and there is no watermark")])
    return await _submit(services, data)


@post(
    "/watermark",
    summary="Watermark a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.WATERMARKS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/image_path", "no such asset")])],
    ),
)
async def watermark_video(
    data: JSONBody[PlacedWatermarkIn], services: NamedDependency[Services]
) -> Response[JobAccepted]:
    """A picture over the whole video, in a corner or the middle; named as in `/overlays`: `logo.png`, `asset:<id>`."""
    return await _submit(services, data)


async def _submit(services: Services, data: OverlaysIn | PlacedWatermarkIn) -> Response[JobAccepted]:
    labels = labels_of(data)
    async with drafted_overlay(
        services.layer_sources,
        data.video_id,
        data.source_variant_id,
        data.layers,
        coding=data.coding(data.audio, "copy"),
        pointers=data.pointers,
    ) as (session, draft):
        job = await submit(
            session,
            draft,
            labels=labels,
            reuse_from=services.reuse_from(data.reuse),
            max_failures=services.settings.max_failures,
        )
    return accepted(job, services.addresses)


router = Router("/", route_handlers=[overlay_video, watermark_video], tags=["edits"])

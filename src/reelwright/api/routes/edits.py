"""/edits: everything that is done with a video, in one request."""

from __future__ import annotations

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api.context import Services
from reelwright.api.drafted_edits import drafted, template_of
from reelwright.api.openapi import examples, preview_examples, request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.queued_or_explained import EXPLAINED, Answer, ValidateOnly, answer
from reelwright.api.schemas.accepted_jobs import LOCATION
from reelwright.api.schemas.edits import EditsIn
from reelwright.errors import FieldError, InvalidInput, NotFound


@post(
    "/edits",
    summary="Edit a video",
    status_code=202,
    response_headers=[LOCATION],
    responses=EXPLAINED,
    operation_class=operation(
        request_examples=request_examples.EDITS,
        responses={202: examples.ACCEPTED, 200: preview_examples.EXPLANATION},
        errors=[NotFound("no such video or variant"), InvalidInput([FieldError("/steps/0/end", "is not after start")])],
    ),
)
async def edit_video(
    data: JSONBody[EditsIn], services: NamedDependency[Services], validate_only: ValidateOnly = False
) -> Answer:
    """Any steps, in any order, each in terms of what the one before it made: one decode, one encode for each output,
    whatever the number of steps.

    Between two steps the picture is upright and progressive, in square pixels. Outputs are words for the usual
    (`mp4:720p`, `webm:480p`, `hls`, `mp3`, `gif`, `jpg:poster`) or objects with all that `POST /transcode` takes; sound
    alone and images alone are outputs, too. Instead of steps and outputs, a `template` with its `variables`.
    """
    template = await template_of(services, data)
    async with drafted(services, data, template) as (session, draft, labels):
        return await answer(services, session, draft, data, labels=labels, validate_only=validate_only)


router = Router("/", route_handlers=[edit_video], tags=["edits"])

"""/edits: everything that is done with a video, in one request."""

from __future__ import annotations

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.jobs import LOCATION, JobAccepted, accepted
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.whole_edits import EditsIn
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.submit import submit
from reelwright.jobs.submit_edit import EditRequest, drafted_edit


@post(
    "/edits",
    summary="Edit a video",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.EDITS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video or variant"), InvalidInput([FieldError("/steps/0/end", "is not after start")])],
    ),
)
async def edit_video(data: JSONBody[EditsIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """Any steps, in any order, each in terms of what the one before it made: one decode, one encode for each output,
    whatever the number of steps.

    Between two steps the picture is upright and progressive, in square pixels. Outputs are words for the usual
    (`mp4:720p`, `webm:480p`, `hls`, `jpg:poster`) or objects with all that `POST /transcode` takes.
    """
    data.check()
    request = EditRequest(data.source, data.steps, data.wanted, data.pointers)
    labels = labels_of(data)
    async with drafted_edit(services.layer_sources, request) as (session, draft):
        job = await submit(session, draft, labels=labels, max_failures=services.settings.max_failures)
    return accepted(job, services.addresses)


router = Router("/", route_handlers=[edit_video], tags=["edits"])

"""/videos/import: a video that is fetched from an address."""

from __future__ import annotations

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api.context import Services
from reelwright.api.openapi import examples, request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.accepted_jobs import LOCATION, JobAccepted, accepted
from reelwright.api.schemas.imports import ImportIn
from reelwright.api.schemas.labels import labels_of
from reelwright.api.schemas.timing import timing_of
from reelwright.errors import FieldError, InvalidInput
from reelwright.jobs.imports import submit_import
from reelwright.library.uploads import SaidOfVideo


@post(
    "/videos/import",
    summary="Import a video from an address",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=request_examples.IMPORTS,
        responses={202: examples.ACCEPTED},
        errors=[
            InvalidInput(
                [
                    FieldError(
                        "/url", "is no address that is taken: one begins with https:// or http://", "address_refused"
                    )
                ]
            )
        ],
    ),
)
async def import_video(data: JSONBody[ImportIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """A job fetches the file; it goes on where the connection broke, as far as the other side can do that, also in
    another attempt. What comes is examined as an upload is, by its content. `transfer` of the job says how many bytes
    are there, `video_id` what they have become.

    Nobody is connected to who is not on the public internet, wherever names or redirects lead, but for what
    OUTBOUND_ALLOWED names.
    """
    wanted, said, timing = data.wanted(), SaidOfVideo(labels_of(data), data.keep_s), timing_of(data)
    async with services.sessions.begin() as session:
        job = await submit_import(
            session,
            wanted,
            said=said,
            max_failures=services.settings.max_failures,
            keep_rules=services.keep_rules,
            timing=timing,
        )
    return accepted(job, services.addresses)


router = Router("/", route_handlers=[import_video], tags=["videos"])

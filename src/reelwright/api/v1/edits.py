"""/api/v1: the routes that make new videos of old ones."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api import examples
from reelwright.api.edits import pointers
from reelwright.api.openapi import operation
from reelwright.api.services import Services
from reelwright.api.v1.schemas import V1Job, V1Trim
from reelwright.edits.model import trim
from reelwright.edits.vocabulary import JobType
from reelwright.errors import Malformed, NotFound
from reelwright.jobs.submit import find_source, submit


@post(
    "/trim",
    summary="Trim a video (v1)",
    status_code=200,
    operation_class=operation(
        request_examples={"seconds": examples.V1_TRIM},
        responses={200: examples.V1_JOB},
        errors=[NotFound("no such video"), Malformed("end_time is not after start_time", code="invalid_input")],
    ),
)
async def trim_video(data: JSONBody[V1Trim], services: NamedDependency[Services]) -> V1Job:
    """As `POST /trim`, but an end that is not after the start, or is beyond the video's, is a 400."""
    if data.end_time <= data.start_time:
        raise Malformed("end_time is not after start_time", code="invalid_input")
    with pointers({"start": "start_time", "end": "end_time"}):
        async with services.sessions.begin() as session:
            source = await find_source(session, data.video_id)
            duration_s = source.facts.media.duration_s
            if duration_s is not None and data.end_time > duration_s:
                raise Malformed(f"end_time is beyond the end of the video ({duration_s} s)", code="invalid_input")
            job = await submit(
                session,
                trim(data.start_time, data.end_time),
                source,
                type=JobType.TRIM,
                max_failures=services.settings.max_failures,
            )
    return V1Job.of(job)

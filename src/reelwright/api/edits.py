"""The routes that make new variants: each request is an Edit, each answer names a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reelwright.api import examples
from reelwright.api.openapi import operation
from reelwright.api.schemas import JobAccepted, TrimIn
from reelwright.api.services import Services
from reelwright.db.models import Job
from reelwright.edits.model import trim
from reelwright.edits.vocabulary import JobType
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.jobs.submit import find_source, submit


@contextmanager
def pointers(**renamed: str) -> Iterator[None]:
    """Point at the request's fields where an error points into the Edit."""
    try:
        yield
    except InvalidInput as invalid:
        raise InvalidInput([_renamed(error, renamed) for error in invalid.errors]) from invalid


def _renamed(error: FieldError, names: dict[str, str]) -> FieldError:
    field = error.pointer.removeprefix("/steps/0/")
    return FieldError(f"/{names.get(field, field)}" if field != error.pointer else error.pointer, error.detail)


async def submit_trim(services: Services, data: TrimIn) -> Job:
    """Raises NotFound, InvalidInput."""
    with pointers():
        async with services.sessions.begin() as session:
            source = await find_source(session, data.video_id, data.source_variant_id)
            return await submit(
                session,
                trim(data.start, data.end),
                source,
                type=JobType.TRIM,
                max_failures=services.settings.max_failures,
            )


def accepted(job: Job, root_path: str) -> Response[JobAccepted]:
    return Response(JobAccepted.of(job), headers={"Location": f"{root_path}/jobs/{job.id}"})


@post(
    "/trim",
    summary="Trim a video",
    status_code=202,
    operation_class=operation(
        request_examples=examples.TRIMS,
        responses={202: examples.ACCEPTED},
        errors=[NotFound("no such video"), InvalidInput([FieldError("/end", "is not after start")])],
    ),
)
async def trim_video(data: JSONBody[TrimIn], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """Keeps the frames with start <= t < end, exactly: the cut is re-encoded (H.264, CRF 18, AAC 128k) as MP4.

    An end beyond the video's is clamped, with a warning. Times refer to what is trimmed: the upload, or the variant
    that `source_variant_id` names.
    """
    return accepted(await submit_trim(services, data), services.settings.api_root_path)


router = Router("/", route_handlers=[trim_video], tags=["edits"])

"""Jobs: where they are, live and in full; their results; cancel and retry."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import HttpMethod, Request, Response, Router, get, post, route
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.status_codes import HTTP_204_NO_CONTENT
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.token_purposes import Purpose
from reelwright.api.context import Services
from reelwright.api.downloads import download_variant, download_video
from reelwright.api.http.authorization import is_still_allowed
from reelwright.api.http.event_stream import EventStream, last_event_id
from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.token_authorization import open_to
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.accepted_jobs import LOCATION, JobAccepted, accepted
from reelwright.api.schemas.jobs import JobOut, JobPage, JobPart, JobSummary, StatusOut
from reelwright.api.schemas.label_filters import ExternalIdParameter, MetadataParameter, TagParameter
from reelwright.api.schemas.many_jobs import UNKNOWN_CODE
from reelwright.api.schemas.pages import After, PageNumber, PageSize, TimeParameter, wanted, without_zone
from reelwright.api.schemas.tokens import TokenInQuery
from reelwright.db.models import Job, Variant
from reelwright.edits.kinds_and_states import JobStatus, JobType, Quality
from reelwright.error_codes import JOB_CODES
from reelwright.errors import Conflict, FieldError, InvalidInput, NotFound
from reelwright.jobs import lifecycle, queries, results, waiting_and_time_left
from reelwright.jobs.job_filters import Selection
from reelwright.library.queries import files_of_jobs, made_by

RETRY_AFTER_S = 2


BY_TOKEN = open_to(Purpose.READ)


@get(
    "/status/{job_id:uuid}",
    summary="A job's status",
    operation_class=operation(responses={200: examples.STATUS}),
    opt=BY_TOKEN,
)
async def status(job_id: FromPath[UUID], services: NamedDependency[Services]) -> StatusOut:
    """The short answer; `GET /jobs/{id}` has the long one."""
    return StatusOut.of(await services.statuses.read(job_id), services.addresses)


@route(
    "/result/{job_id:uuid}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a job's result",
    operation_class=operation(
        download="*/*",
        errors=[
            Conflict("the job is not finished: STARTED, 42 %", code="not_ready", retry_after_s=2),
            NotFound("the job has no result: ffmpeg ended with an error", code="job_failure"),
            NotFound("the job has no result: it was cancelled", code="job_cancelled"),
            NotFound("the job has no such result, or it was deleted", code="result_deleted"),
        ],
    ),
)
async def result(
    job_id: FromPath[UUID],
    services: NamedDependency[Services],
    quality: Annotated[Quality | None, QueryParameter(description="Of several outputs, this one.")] = None,
) -> FileDownload:
    """The (best) file that the job made. 409 with `Retry-After` while it is unfinished; 404 with the reason when it
    failed, was cancelled, or its result was deleted."""
    async with services.sessions() as session:
        job = await queries.find(session, job_id)
        if job.type is JobType.IMPORT and job.video_id is not None:
            return await _imported(services, session, job.video_id)
        variant = await results.result_of(session, job, quality)
        if not isinstance(variant, Variant):
            raise _no_result(job, variant)
        return await download_variant(services, session, variant.id)


async def _imported(services: Services, session: AsyncSession, video_id: UUID) -> FileDownload:
    """An import has made no variant of anything: its result is the video itself."""
    try:
        return await download_video(services, session, video_id)
    except NotFound as error:
        raise NotFound("the video that was imported was deleted", code="result_deleted") from error


def _no_result(job: Job, why: results.NoResult) -> Conflict | NotFound:
    match why:
        case "not_ready":
            detail = f"the job is not finished: {job.status.value}, {job.progress} %"
            return Conflict(detail, code=why, retry_after_s=RETRY_AFTER_S)
        case "result_deleted":
            return NotFound("the job has no such result, or it was deleted", code=why)
        case "job_failure" | "job_cancelled":
            return NotFound(f"the job has no result: {job.error_message or 'it was cancelled'}", code=why)


MAX_EXPANDED = 20
"""So many jobs a page where it has what is large: a plan may be a megabyte."""


@get("/jobs", summary="List jobs", operation_class=operation(responses={200: examples.JOBS}))
async def list_jobs(
    services: NamedDependency[Services],
    status_: Annotated[JobStatus | None, QueryParameter(name="status", description="Only jobs that are in it.")] = None,
    type_: Annotated[JobType | None, QueryParameter(name="type", description="Only jobs of it.")] = None,
    video_id: Annotated[UUID | None, QueryParameter(description="Only jobs on this video, or on this variant.")] = None,
    tag: TagParameter = None,
    external_id: ExternalIdParameter = None,
    metadata: MetadataParameter = None,
    error_code: Annotated[
        str | None,
        QueryParameter(max_length=64, description="Only jobs whose last failure has this code, as `worker_lost`."),
    ] = None,
    created_after: TimeParameter = None,
    created_before: TimeParameter = None,
    finished_after: TimeParameter = None,
    finished_before: TimeParameter = None,
    expand: Annotated[
        list[JobPart] | None,
        QueryParameter(
            description="What each job is to have beside the usual: `edit` (what was asked for), `plan`, `recipe` (its"
            f" `commands`). With pages of up to {MAX_EXPANDED}."
        ),
    ] = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    cursor: After = None,
) -> JobPage:
    """Newest first, filtered by what is given: `after` is at a time or later, `before` earlier than it. What is large
    is left out unless `expand` names it; `GET /jobs/{id}` has that and the files of its outputs."""
    asked = wanted(page, page_size, cursor, tag=tag, external_id=external_id, metadata=metadata)
    times = {
        "created_after": created_after,
        "created_before": created_before,
        "finished_after": finished_after,
        "finished_before": finished_before,
    }
    errors = without_zone(**times)
    if error_code is not None and error_code not in JOB_CODES:
        errors.append(FieldError("?error_code", UNKNOWN_CODE))
    if expand and page_size > MAX_EXPANDED:
        errors.append(FieldError("?page_size", f"is {MAX_EXPANDED} at the most where `expand` is given"))
    if errors:
        raise InvalidInput(errors)
    statuses = () if status_ is None else (status_,)
    selection = Selection(statuses=statuses, type=type_, video_id=video_id, error_code=error_code, **times)
    async with services.sessions() as session:
        part = await queries.page(session, asked, selection, whole=bool(expand))
        jobs = part.rows
        outputs = await files_of_jobs(session, [job.id for job in jobs], only_main=True)
        outlooks = await waiting_and_time_left.of(session, jobs)
    items = [
        JobSummary.of(job, outputs, services.addresses, outlooks[job.id]).with_parts(job, expand or ()) for job in jobs
    ]
    return JobPage.of(part, asked, items)


@get(
    "/jobs/{job_id:uuid}",
    summary="Everything about a job",
    operation_class=operation(responses={200: examples.JOB}),
    opt=BY_TOKEN,
)
async def get_job(job_id: FromPath[UUID], services: NamedDependency[Services]) -> JobOut:
    """Stage, outputs with their files and addresses, timings, speed, estimate, error, plan and the commands that make
    it. An output that was deleted since has the state `deleted`; the others stay."""
    async with services.sessions.single_statements() as session:
        job = await queries.find(session, job_id)
        outputs, checks = await made_by(session, job_id) if job.status is JobStatus.SUCCESS else ({}, {})
        outlooks = await waiting_and_time_left.of(session, [job])
        return JobOut.of(job, outputs, services.addresses, outlooks[job_id], checks)


@get(
    "/jobs/{job_id:uuid}/events",
    summary="Follow a job live",
    media_type="text/event-stream",
    operation_class=operation(event_stream=True),
    opt=open_to(Purpose.READ, in_query=True),
)
async def follow(
    job_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    token: TokenInQuery = None,
) -> Response[None]:
    """Server-sent events: `state` for every transition (its id resumes by `Last-Event-ID`) and `progress` in between,
    a comment every 15 s. The stream ends with the job, and with the key or token that it was opened with; who comes
    back having seen all of an ended job gets 204, which tells a browser not to come again."""
    seen = last_event_id(request.headers, below=10**9) or 0
    if await services.feeds.nothing_follows(job_id, seen):
        return Response(None, status_code=HTTP_204_NO_CONTENT)
    return EventStream(
        services.feeds.follow(job_id, seen),
        closing=services.notifier.closing,
        is_still_allowed=lambda: is_still_allowed(request.scope),
    )


@post(
    "/jobs/{job_id:uuid}/cancel",
    summary="Cancel a job",
    status_code=202,
    operation_class=operation(
        responses={202: {**examples.STATUS, "status": "CANCELLED"}},
        errors=[Conflict("the job has ended already: SUCCESS", code="finished")],
    ),
)
async def cancel(job_id: FromPath[UUID], services: NamedDependency[Services]) -> StatusOut:
    """Cancelled at once; a running worker stops within two seconds. 409 when the job has ended already."""
    async with services.sessions.begin() as session:
        return StatusOut.of(await lifecycle.cancel(session, job_id), services.addresses)


@post(
    "/jobs/{job_id:uuid}/retry",
    summary="Retry a job",
    status_code=202,
    response_headers=[LOCATION],
    operation_class=operation(
        responses={202: examples.ACCEPTED},
        errors=[
            Conflict("only a job that failed or was cancelled can be retried: SUCCESS", code="not_retryable"),
            Conflict("what the job works on was deleted", code="input_gone"),
        ],
    ),
)
async def retry(job_id: FromPath[UUID], services: NamedDependency[Services]) -> Response[JobAccepted]:
    """Start a job that failed or was cancelled again, from 0 %."""
    async with services.sessions.begin() as session:
        job = await lifecycle.retry(session, job_id)
    return accepted(job, services.addresses)


router = Router("/", route_handlers=[status, result, list_jobs, get_job, follow, cancel, retry], tags=["jobs"])

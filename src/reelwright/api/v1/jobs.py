"""/api/v1/jobs: status, result as JSON, download."""

from __future__ import annotations

from uuid import UUID

from litestar import HttpMethod, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from reelwright.api.context import Services
from reelwright.api.downloads import download_variant
from reelwright.api.http.file_response import FileDownload
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.v1.schemas import STATUSES, V1Job, V1Output, V1Result, error_message
from reelwright.db.models import Job, Variant
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import Malformed, NotFound
from reelwright.jobs import queries, results

RETRY_AFTER_S = 2


@get(
    "/jobs/status/{job_id:uuid}",
    summary="A job's status (v1)",
    operation_class=operation(responses={200: examples.V1_JOB}),
)
async def status(job_id: FromPath[UUID], services: NamedDependency[Services]) -> V1Job:
    """pending, processing, completed or failed (a cancelled job is failed)."""
    async with services.sessions() as session:
        return V1Job.of(await queries.find(session, job_id))


@get(
    "/jobs/result/{job_id:uuid}",
    summary="A job's result as JSON (v1)",
    operation_class=operation(responses={200: examples.V1_RESULT}),
)
async def result(job_id: FromPath[UUID], services: NamedDependency[Services]) -> V1Result:
    """Answers 200 in any state; the paths are there once the job is completed, each until that output is deleted."""
    async with services.sessions() as session:
        job = await queries.find(session, job_id)
        variants = await results.variants_of(session, job_id)
    several = len((job.plan_json or {"outputs": []})["outputs"]) > 1
    best = next((variant for variant in variants if variant.id == job.output_variant_id), None)
    return V1Result(
        job_id=job.id,
        status=STATUSES[job.status],
        result_file_path=best.stored_path if best else None,
        processed_video_id=best.id if best else None,
        error_message=error_message(job),
        **(
            {"results": [V1Output.of(variant) for variant in variants]}
            if several and job.status is JobStatus.SUCCESS
            else {}
        ),
    )


@route(
    "/jobs/download/{job_id:uuid}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Download a result (v1)",
    operation_class=operation(
        download="video/*",
        errors=[
            Malformed("the job is not completed: processing", code="not_ready", retry_after_s=RETRY_AFTER_S),
            Malformed("the job has no result: ffmpeg ended with an error", code="job_failure"),
            Malformed("the job has no result: cancelled", code="job_cancelled"),
            NotFound("the job has no result, or it was deleted", code="result_deleted"),
        ],
    ),
)
async def download_result(job_id: FromPath[UUID], services: NamedDependency[Services]) -> FileDownload:
    """The (best) file that the job made; 400 while it is unfinished (`Retry-After` says when to look again) or when it
    failed."""
    async with services.sessions() as session:
        job = await queries.find(session, job_id)
        variant = await results.result_of(session, job)
        if not isinstance(variant, Variant):
            raise _no_result(job, variant)
        return await download_variant(services, session, variant.id)


def _no_result(job: Job, why: results.NoResult) -> Malformed | NotFound:
    match why:
        case "not_ready":
            detail = f"the job is not completed: {STATUSES[job.status]}"
            return Malformed(detail, code=why, retry_after_s=RETRY_AFTER_S)
        case "result_deleted":
            return NotFound("the job has no result, or it was deleted", code=why)
        case "job_failure" | "job_cancelled":
            return Malformed(f"the job has no result: {error_message(job)}", code=why)

"""/jobs/cancel, /jobs/retry, /jobs/delete: one thing done to many jobs, bounded and reported."""

from __future__ import annotations

from uuid import UUID

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.api.context import Services
from reelwright.api.http.idempotency import NOTHING_MADE
from reelwright.api.openapi import request_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.many_jobs import (
    NO_CONDITION,
    JobsToCancel,
    JobsToDelete,
    JobsToRetry,
    ManyJobs,
    ManyJobsOut,
)
from reelwright.errors import FieldError, InvalidInput
from reelwright.jobs import lifecycle, many_jobs
from reelwright.jobs.removal import remove
from reelwright.library.deletion import remove_files

_ALL = InvalidInput([FieldError("", NO_CONDITION)])


async def _each(services: Services, which: ManyJobs, do: many_jobs.Done) -> ManyJobsOut:
    """Do it to each of the jobs that are meant."""
    return ManyJobsOut.of(await many_jobs.each(services.sessions, *which.asked(), do))


@post(
    "/cancel",
    summary="Cancel many jobs",
    status_code=200,
    opt=NOTHING_MADE,
    operation_class=operation(
        request_examples=request_examples.JOBS_TO_CANCEL,
        responses={200: request_examples.MANY_JOBS},
        errors=[_ALL],
    ),
)
async def cancel_jobs(data: JSONBody[JobsToCancel], services: NamedDependency[Services]) -> ManyJobsOut:
    """Those that wait or run and meet all that is given, oldest first, up to `limit`. Each is cancelled as `POST
    /jobs/{id}/cancel` does it, by itself: what was done stays done, whatever becomes of the rest."""
    return await _each(services, data, lifecycle.cancel)


@post(
    "/retry",
    summary="Retry many jobs",
    status_code=200,
    operation_class=operation(
        request_examples=request_examples.JOBS_TO_RETRY,
        responses={200: request_examples.MANY_JOBS},
        errors=[_ALL],
    ),
)
async def retry_jobs(data: JSONBody[JobsToRetry], services: NamedDependency[Services]) -> ManyJobsOut:
    """Those that failed or were cancelled and meet all that is given, oldest first, up to `limit`; as `POST
    /jobs/{id}/retry`. A job whose input was deleted is refused; go on behind it with `next_cursor`."""
    return await _each(services, data, lifecycle.retry)


@post(
    "/delete",
    summary="Delete many jobs",
    status_code=200,
    opt=NOTHING_MADE,
    operation_class=operation(
        request_examples=request_examples.JOBS_TO_DELETE,
        responses={200: request_examples.MANY_JOBS},
        errors=[_ALL],
    ),
)
async def delete_jobs(data: JSONBody[JobsToDelete], services: NamedDependency[Services]) -> ManyJobsOut:
    """The records of those that have ended and meet all that is given, oldest first, up to `limit`. A job whose results
    are there stays, for it tells how they were made, unless they go `with_results`."""
    gone: list[str] = []

    async def do(session: AsyncSession, job_id: UUID) -> None:
        gone.extend(await remove(session, job_id, with_results=data.with_results))

    report = await _each(services, data, do)
    await remove_files(services.storage, gone)
    return report


router = Router("/jobs", route_handlers=[cancel_jobs, retry_jobs, delete_jobs], tags=["jobs"])

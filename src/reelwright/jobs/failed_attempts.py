"""What becomes of a job whose attempt has failed, and is to blame for it: it is tried again, or a FAILURE.

Beside lifecycle.py, and by its rules: in the caller's transaction, fenced, with its event, for its followers as well.
What was its machine's fault: machine_to_blame.py.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import JobFailed
from reelwright.jobs import fencing, followers, job_events, queue, waiting
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.fencing import Claim

RETRY_DELAY_S = 5


async def fail(session: AsyncSession, claim: Claim, failure: JobFailed) -> JobStatus:
    """End in FAILURE, or go back to the queue when trying again may help and the budget allows it. Raises LeaseLost."""
    return await count_failure(session, await fencing.owned(session, claim), failure, error=error_of(failure))


def error_of(failure: JobFailed) -> dict[str, Any]:
    """Return what a job says of the failure that ended it."""
    return {
        "code": failure.code,
        "stage": failure.stage,
        "detail": failure.detail,
        "output_index": failure.output_index,
        "exit_status": failure.evidence.exit_status,
        "stderr_tail": failure.evidence.stderr_tail,
        "checks": list(failure.checks),
    }


async def count_failure(session: AsyncSession, job: Job, failure: JobFailed, *, error: dict[str, Any]) -> JobStatus:
    """Charge the job, whose row is locked, with a failure: back to the queue, or FAILURE when trying again is no use or
    the budget is used up. `error`: what the job says of it."""
    job.failures += 1
    job.lease_until = job.stage = job.speed = job.claim_token = job.claim_attempt = None
    job.error = error
    job.updated_at = func.now()
    if failure.retryable and job.failures < job.max_failures:
        job.status = JobStatus.PENDING
        job.queue_job_id = await queue.defer(session, job, delay_s=RETRY_DELAY_S)
    else:
        job.status = JobStatus.FAILURE
        job.error_message = failure.sentence
        job.finished_at = func.now()
        await waiting.forget(session, job.id)
    await session.flush()
    await job_events.record(session, job.id, job.attempt, job.status, code=failure.code, detail=failure.detail)
    again = "job will be tried again" if job.status is JobStatus.PENDING else None
    announce(session, Transition(job.id, job.type, job.status, message=again, code=failure.code))
    if job.status is JobStatus.PENDING:
        await followers.mirror(session, job.id, code=failure.code, detail=failure.detail)
    else:
        await followers.fail(session, job, failure.code, failure.detail)
    return job.status

"""What becomes of a job whose attempt has failed: it is tried again, put back because of its machine, or a FAILURE.

Beside lifecycle.py, and by its rules: in the caller's transaction, fenced, with its event, for its followers as well.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job, JobWait
from reelwright.edits.enums import JobStatus
from reelwright.errors import JobFailed
from reelwright.jobs import claims, followers, history, queue, waiting
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.claims import Claim

RETRY_DELAY_S = 5
MAX_POSTPONEMENTS = 5
"""So often in a row a machine is blamed that finds nothing wrong with itself; then the job is."""


async def fail(session: AsyncSession, claim: Claim, failure: JobFailed) -> JobStatus:
    """End in FAILURE, or go back to the queue when trying again may help and the budget allows it. Raises LeaseLost."""
    return await count_failure(session, await claims.owned(session, claim), failure, error=error_of(failure))


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


async def postpone(session: AsyncSession, claim: Claim, failure: JobFailed, *, confirmed: bool) -> JobStatus:
    """Put the job back into the queue because the machine could not do it: no failure is counted. Raises LeaseLost.

    `confirmed`: the machine itself found what is wrong, and takes no jobs until that has passed. Otherwise the job is
    tried again a little later, and is to blame after MAX_POSTPONEMENTS in a row.
    """
    job = await claims.owned(session, claim)
    wait = await session.get(JobWait, job.id) or JobWait(job_id=job.id, times=0)
    wait.times += 0 if confirmed else 1
    if wait.times > MAX_POSTPONEMENTS:
        await waiting.forget(session, job.id)
        return await count_failure(session, job, failure, error=error_of(failure))
    wait.code, wait.detail, wait.needs_bytes = failure.code, failure.detail, failure.needs_bytes
    wait.need, wait.passed_over = None, 0
    session.add(wait)
    job.status = JobStatus.PENDING
    job.lease_until = job.stage = job.speed = job.claim_token = job.claim_attempt = None
    job.updated_at = func.now()
    delay_s = 0 if confirmed else RETRY_DELAY_S
    job.queue_job_id = await queue.defer(session, job, delay_s=delay_s)
    await session.flush()
    reason = {"reason": "postponed", "code": failure.code, "detail": failure.detail}
    await history.record(session, job.id, job.attempt, job.status, **reason)
    announce(
        session,
        Transition(
            job.id, job.type, job.status, message=f"job waits: {failure.detail}", code=failure.code, charged=False
        ),
    )
    await followers.mirror(session, job.id, **reason)
    return job.status


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
    await history.record(session, job.id, job.attempt, job.status, code=failure.code, detail=failure.detail)
    again = "job will be tried again" if job.status is JobStatus.PENDING else None
    announce(session, Transition(job.id, job.type, job.status, message=again, code=failure.code))
    if job.status is JobStatus.PENDING:
        await followers.mirror(session, job.id, code=failure.code, detail=failure.detail)
    else:
        await followers.fail(session, job, failure.code, failure.detail)
    return job.status

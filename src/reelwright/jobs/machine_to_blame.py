"""A job whose machine is to blame is put back: no failure is counted, until that comes too often in a row.

Beside lifecycle.py, and by its rules. Whose fault a failure is: blame.py; what is the job's: failed_attempts.py.
"""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import JobWait
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import JobFailed
from reelwright.jobs import fencing, followers, job_events, queue, waiting
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.failed_attempts import RETRY_DELAY_S, count_failure, error_of
from reelwright.jobs.fencing import Claim

MAX_POSTPONEMENTS = 5
"""So often in a row a machine is blamed that finds nothing wrong with itself; then the job is."""


async def postpone(session: AsyncSession, claim: Claim, failure: JobFailed, *, confirmed: bool) -> JobStatus:
    """Put the job back into the queue because the machine could not do it: no failure is counted. Raises LeaseLost.

    `confirmed`: the machine itself found what is wrong, and takes no jobs until that has passed. Otherwise the job is
    tried again a little later, and is to blame after MAX_POSTPONEMENTS in a row.
    """
    job = await fencing.owned(session, claim)
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
    await job_events.record(session, job.id, job.attempt, job.status, **reason)
    announce(
        session,
        Transition(
            job.id, job.type, job.status, message=f"job waits: {failure.detail}", code=failure.code, charged=False
        ),
    )
    await followers.mirror(session, job.id, **reason)
    return job.status

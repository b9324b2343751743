"""A job's states and every transition between them. Beside creation.py, claims.py, expired_jobs.py, failed_attempts.py,
machine_to_blame.py, followers.py and taken_results.py nothing writes a job's state.

Claim, cancel and retry are functions of the database (claim_job, claim_job_with_room, cancel_job, retry_job:
migrations/README.md says in which files); the latter two operators call, too.

    PENDING ──claim──> STARTED ──succeed──> SUCCESS
       ^                 │ │ │
       │                 │ │ └──fail──> FAILURE ──retry──> PENDING
       └──hand back,─────┘ └──cancel──> CANCELLED ──retry──> PENDING
          postpone, lost lease,                  (cancel also straight from PENDING)
          retryable failure

Every transition happens in the caller's transaction, writes its event there and notifies at the commit. What befalls a
job befalls those that follow it. What a worker writes is fenced by its claim (fencing.py). Clocks are the database's.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from reelwright.access.job_admission import admit_job
from reelwright.db.models import Job, Publication
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.errors import Conflict, NotFound
from reelwright.jobs import fencing, followers, job_events, queue, waiting
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.fencing import Claim

_WITHOUT_PLAN = defer(Job.plan_json)
"""That may be a megabyte, and only those that follow a job ask for its own: `results.held` reads it for them."""
_RETRY = text("SELECT retry_job(:job_id, :origin)").bindparams(bindparam("origin", type_=JSONB(none_as_null=True)))


async def succeed(
    session: AsyncSession,
    claim: Claim,
    *,
    output_variant_id: uuid.UUID,
    variant_ids: list[uuid.UUID] | None = None,
    warnings: Sequence[str] = (),
    toolchain: str | None = None,
    took: dict[str, Any] | None = None,
) -> Job:
    """End in SUCCESS, and return the job; the rows of the results belong into the same transaction, and so do those who
    follow the job (`followers.finish`). `output_variant_id` is the best of `variant_ids`, which are in the order of the
    plan's outputs. `warnings`: what was found while they were made, beside the plan's own; `toolchain`: by which;
    `took`: what its stages took (past_jobs.py). Raises LeaseLost."""
    outputs = [{"variant_id": str(variant_id)} for variant_id in variant_ids or [output_variant_id]]
    return await _succeed(
        session,
        claim,
        {"variant_id": str(output_variant_id)},
        output_variant_id=output_variant_id,
        outputs_progress=outputs,
        warnings=Job.warnings.concat(cast(list(warnings), Job.warnings.type)),
        toolchain=toolchain,
        took=took,
    )


async def succeed_import(
    session: AsyncSession, claim: Claim, *, video_id: uuid.UUID, recipe_json: dict[str, Any]
) -> Job:
    """The same of a job that brought a video in, whose row belongs into the same transaction. Raises LeaseLost."""
    told = {"video_id": str(video_id)}
    return await _succeed(session, claim, told, video_id=video_id, recipe_json=recipe_json)


async def _succeed(session: AsyncSession, claim: Claim, told: dict[str, str], **values: Any) -> Job:
    """`told`: what the event says of what was made."""
    job_id = await fencing.write(
        session,
        claim,
        status=JobStatus.SUCCESS,
        progress=100,
        stage=None,
        lease_until=None,
        claim_token=None,
        claim_attempt=None,
        finished_at=func.now(),
        **values,
    )
    job = await session.get_one(Job, job_id, populate_existing=True, options=[_WITHOUT_PLAN])
    await waiting.forget(session, job.id)
    await session.execute(delete(Publication).where(Publication.job_id == job.id))
    await job_events.record(session, job.id, job.attempt, JobStatus.SUCCESS, **told)
    announce(session, Transition(job.id, job.type, JobStatus.SUCCESS))
    return job


async def hand_back(session: AsyncSession, claim: Claim) -> None:
    """Give the job to another worker at once; this counts as no failure. Raises LeaseLost."""
    job = await fencing.owned(session, claim)
    job.status = JobStatus.PENDING
    job.lease_until = job.stage = job.claim_token = job.claim_attempt = None
    job.updated_at = func.now()
    job.queue_job_id = await queue.defer(session, job)
    await session.flush()
    await job_events.record(session, job.id, job.attempt, job.status, reason="handed back")
    announce(session, Transition(job.id, job.type, job.status, message="job handed back"))
    await followers.mirror(session, job.id, reason="handed back")


async def cancel(session: AsyncSession, job_id: uuid.UUID) -> Job:
    """End in CANCELLED, at once. Raises NotFound, Conflict when the job has ended already."""
    await _as_it_is(session, job_id)  # what the function finds, the session may not see
    refusal: str | None = await session.scalar(select(func.cancel_job(job_id)))
    job = await _as_it_is(session, job_id)
    if refusal is not None:
        raise Conflict(f"the job has ended already: {job.status.value}", code=refusal)
    announce(session, Transition(job.id, job.type, job.status, message="job cancelled"))
    return job


async def retry(session: AsyncSession, job_id: uuid.UUID) -> Job:
    """Start a FAILURE or CANCELLED job again, from 0. Raises NotFound, Conflict when it cannot be; RateLimited,
    QuotaExceeded: no more jobs are taken of whoever asks."""
    await _as_it_is(session, job_id)
    await admit_job(session)
    with queue.entry_of(job_id) as origin:
        refusal: str | None = await session.scalar(_RETRY, {"job_id": job_id, "origin": origin})
    job = await _as_it_is(session, job_id)
    if refusal == "input_gone" and job.type is JobType.IMPORT:
        raise Conflict(
            "the headers of the import, or the query of its address, were forgotten when it ended: ask for it anew",
            code=refusal,
        )
    if refusal == "input_gone":
        raise Conflict("what the job works on was deleted", code=refusal)
    if refusal is not None:
        raise Conflict(f"only a job that failed or was cancelled can be retried: {job.status.value}", code=refusal)
    announce(session, Transition(job.id, job.type, job.status, message="job queued again: retried"))
    return job


async def _as_it_is(session: AsyncSession, job_id: uuid.UUID) -> Job:
    """Return the job as it is now, whatever a function of the database has changed. Raises NotFound."""
    job = await session.get(Job, job_id, populate_existing=True)
    if job is None:
        raise NotFound("no such job")
    return job

"""A job ends with the results of an equal one, instead of making them again: rows of its own, the same bytes."""

from __future__ import annotations

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job, new_id
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.jobs import job_events, results
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.results import Result


async def take(session: AsyncSession, job: Job, maker: Job, made: list[Result], how: str | None = None) -> Job:
    """End a new or an unfinished job in SUCCESS with the results of an equal one. `how`: as metrics count it."""
    planned = (maker.plan_json or {}).get("warnings", [])
    job.id = job.id or new_id()
    copies = await results.copy(session, job, made)
    ids = [variant.id for variant in copies]
    best = next(
        (one for one, result in zip(ids, made, strict=True) if result.variant.id == maker.output_variant_id), None
    )
    job.reused_from_job_id = maker.reused_from_job_id or maker.id
    job.status = JobStatus.SUCCESS
    job.progress = 100
    job.stage = job.lease_until = None
    job.output_variant_id = best or ids[0]
    job.outputs_progress = [{"variant_id": str(variant_id)} for variant_id in ids]
    found = [remark for remark in maker.warnings[len(planned) :] if remark not in job.warnings]  # while it was made
    job.warnings = [*job.warnings, *found]
    job.recipe_json = maker.recipe_json
    job.toolchain = maker.toolchain
    job.started_at = job.started_at or func.now()
    job.finished_at = job.updated_at = func.now()
    session.add(job)
    await session.flush()
    told = {"variant_id": str(job.output_variant_id), "reused_from": str(job.reused_from_job_id)}
    await job_events.record(session, job.id, job.attempt, JobStatus.SUCCESS, **told)
    message = None if how is None else f"job done at once, with the result of {maker.id}"
    announce(session, Transition(job.id, job.type, JobStatus.SUCCESS, message=message, reused=how))
    return job

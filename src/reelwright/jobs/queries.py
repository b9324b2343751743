"""Looks up and lists jobs, and finds the results that they made."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from reelwright.db.models import Job, Variant
from reelwright.edits.enums import JobStatus, JobType, Quality
from reelwright.errors import NotFound

NoResult = Literal["not_ready", "job_failure", "job_cancelled", "result_deleted"]
"""The error code of why a job has no result."""


async def find(session: AsyncSession, job_id: uuid.UUID) -> Job:
    """Return the job. Raises NotFound."""
    job = await session.get(Job, job_id)
    if job is None:
        raise NotFound("no such job")
    return job


async def page(
    session: AsyncSession,
    *,
    status: JobStatus | None,
    type: JobType | None,  # noqa: A002
    video_or_variant_id: uuid.UUID | None,
    offset: int,
    limit: int,
) -> tuple[list[Job], int]:
    """Return one page of the jobs that are asked for, newest first and without their edits, and the total."""
    conditions = [column == value for column, value in ((Job.status, status), (Job.type, type)) if value is not None]
    if video_or_variant_id is not None:
        variant = await session.get(Variant, video_or_variant_id)
        conditions += [Job.video_id == (video_or_variant_id if variant is None else variant.video_id)]
        conditions += [] if variant is None else [Job.input_variant_id == variant.id]
    total = await session.scalar(select(func.count()).select_from(Job).where(*conditions)) or 0
    jobs = await session.scalars(
        select(Job)
        .where(*conditions)
        .options(defer(Job.edit_json, raiseload=True))
        .order_by(Job.created_at.desc(), Job.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return list(jobs), total


async def result_of(session: AsyncSession, job: Job, quality: Quality | None = None) -> Variant | NoResult:
    """Return the best variant that the job made, or that of the quality; else why there is none."""
    if not job.status.is_final:
        return "not_ready"
    if job.status is not JobStatus.SUCCESS:
        return "job_cancelled" if job.status is JobStatus.CANCELLED else "job_failure"
    condition = Variant.id == job.output_variant_id
    if quality is not None:
        condition = (Variant.job_id == job.id) & (Variant.quality == quality)
    return await session.scalar(select(Variant).where(condition)) or "result_deleted"


async def variants_of(session: AsyncSession, job_id: uuid.UUID) -> list[Variant]:
    """Return the variants that the job made and nobody has deleted, in the order of its outputs."""
    return list(await session.scalars(select(Variant).where(Variant.job_id == job_id).order_by(Variant.output_index)))

"""Looks up and lists jobs."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import with_expression
from sqlalchemy.orm.attributes import set_committed_value

from reelwright.db.models import WITHOUT_EDIT_AND_PLAN, Job
from reelwright.db.ownership import PROJECT, confining, project_of_task
from reelwright.errors import NotFound
from reelwright.jobs.job_filters import Selection
from reelwright.library import pages, stored_labels
from reelwright.library.pages import Part, Wanted

LOOKED_AT = with_expression(Job.looked_at, func.now())
_FIND = confining(select(Job).where(Job.id == bindparam("job_id")), Job).options(LOOKED_AT)
"""Made once: that costs as much as to ask for it."""


async def find(session: AsyncSession, job_id: uuid.UUID) -> Job:
    """Return the job. Raises NotFound."""
    job = await session.scalar(_FIND, {"job_id": job_id, PROJECT: project_of_task()})
    if job is None:
        raise NotFound("no such job")
    return job


async def page(session: AsyncSession, wanted: Wanted, selection: Selection, *, whole: bool = False) -> Part[Job]:
    """Return one page of the jobs that are asked for, newest first; unless they are wanted `whole`, without their edits
    and what their tracks of subtitles say: that may be a megabyte of each."""
    conditions = [*await selection.conditions(session), *await stored_labels.having(session, Job, wanted.labels)]
    if whole:
        return await pages.by_time(session, Job, Job.created_at, wanted, conditions, options=[LOOKED_AT])
    small = [LOOKED_AT, *WITHOUT_EDIT_AND_PLAN]
    part = await pages.by_time(session, Job, Job.created_at, wanted, conditions, options=small)
    without_text = case((func.jsonb_typeof(Job.plan_json) == "object", Job.plan_json.op("-")("subtitles")))
    plans = await session.execute(select(Job.id, without_text).where(Job.id.in_([job.id for job in part.rows])))
    known: dict[uuid.UUID, dict[str, Any] | None] = dict(plans.all())
    for job in part.rows:
        set_committed_value(job, "plan_json", known.get(job.id))
    return part

"""Nothing twice: a job takes what an equal one has made, or is making, instead of making it again.

Jobs are equal when their plans are: same content, same cuts, same coding. A plan names its inputs by SHA-256, so that
the same bytes uploaded twice count as one. What was made is taken as long as it is whole, and as long as a worker lives
that would make it by the same toolchain.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.db.models import File, Job
from reelwright.db.ownership import DEFAULT_PROJECT_ID
from reelwright.edits.kinds_and_states import FileRole, JobStatus
from reelwright.edits.plan import Plan
from reelwright.edits.splice_structs import Splice
from reelwright.jobs import creation, results, toolchains
from reelwright.jobs.creation import NewJob
from reelwright.jobs.results import Result
from reelwright.jobs.taken_results import take
from reelwright.storage.local import LocalStorage

Foretell = Callable[[], Awaitable[dict[str, Any]]]

TRIES = 5
"""A leader may end between two looks, and another one come."""


def fingerprint(plan: Plan, project_id: uuid.UUID) -> str:
    """Return what jobs have in common that make the same for the same project: the plan's digest without what is only
    said about it."""
    # often the plan's own, made once more: that takes 6 us, with 5000 cues 2 ms, and nobody hands in another plan's
    digest = msgspec.structs.replace(plan, warnings=(), splice=_made_alike(plan.splice)).digest
    return digest if project_id == DEFAULT_PROJECT_ID else hashlib.sha256(f"{project_id} {digest}".encode()).hexdigest()


def _made_alike(splice: Splice | UnsetType) -> Splice | UnsetType:
    """What is made, whatever was asked for."""
    if isinstance(splice, UnsetType) or not splice.is_made:
        return UNSET
    return msgspec.structs.replace(splice, asked=splice.chosen)


async def create(session: AsyncSession, new: NewJob, storage: LocalStorage | None, foretell: Foretell) -> Job:
    """Insert a job: done, where `storage` has the result of an equal one; following one that waits or runs; else
    queued. Without `storage` it is made anew, and shared with nobody while it runs. `foretell`: asked for the job's
    forecast where it is not done already."""
    if storage is None:
        return await creation.create(session, replace(new, forecast=await foretell()))
    new = replace(new, shared=True)
    for _ in range(TRIES):
        if (found := await _find(session, new, storage)) is not None:
            job = await take(session, Job(**new.columns()), *found, how="result")
            fault_points.point("submit: result taken, not committed")
            return job
        if new.forecast is None:
            new = replace(new, forecast=await foretell())
        if (leader := await creation.lead(session, new)) is not None:
            # one that ended between the two looks has left the place that this one has now
            if (found := await _find(session, new, storage)) is not None:
                await session.refresh(leader, ["edit_json"])
                return await take(session, leader, *found, how="result")
            await creation.enqueue(session, leader, new)
            return leader
        if (follower := await creation.follow(session, new)) is not None:
            return follower
    return await creation.create(session, replace(new, shared=False))


async def _find(session: AsyncSession, new: NewJob, storage: LocalStorage) -> tuple[Job, list[Result]] | None:
    """Return the newest equal job that has succeeded, with its results, which nobody can delete until the transaction
    ends. None when there is none, or its results are not whole."""
    newest = (
        select(Job.id)
        .where(
            Job.fingerprint == new.fingerprint,
            Job.status == JobStatus.SUCCESS,
            Job.toolchain.in_(toolchains.current()),
        )
        .order_by(Job.finished_at.desc())
        .limit(1)
    )
    maker, made = await results.held(session, newest.scalar_subquery())
    if maker is None or maker.plan_json is None:
        return None
    if [result.variant.output_index for result in made] != list(range(len(results.planned(maker.plan_json)))):
        return None
    if any(FileRole.MAIN not in {file.role for file in result.files} for result in made):
        return None
    files = [file for result in made for file in result.files]
    return (maker, made) if await asyncio.to_thread(_whole, storage, files) else None


def _whole(storage: LocalStorage, files: Sequence[File]) -> bool:
    """Return whether every file is on the disk."""
    try:
        return all(storage.path(file.key).stat().st_size == file.size_bytes for file in files)
    except OSError:
        return False

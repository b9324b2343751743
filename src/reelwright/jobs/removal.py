"""Removes the records of jobs that have ended. What they made stays, or goes before them."""

from __future__ import annotations

import logging
import uuid

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job, Variant
from reelwright.errors import Conflict, NotFound
from reelwright.jobs import followers
from reelwright.library.deletion import Reason, delete_variant, tell_why

logger = logging.getLogger(__name__)


async def remove(
    session: AsyncSession, job_id: uuid.UUID, *, with_results: bool, reason: Reason = "requested"
) -> list[str]:
    """Remove the job, with its results where that is wanted. Returns the keys whose bytes may go once the caller has
    committed.

    Raises NotFound; Conflict: it has not ended (`not_ready`), its results are there, whose making it alone tells
    (`has_results`), or unfinished jobs read them (`in_use`).
    """
    keys: list[str] = []
    if with_results:  # before the job is locked, as whoever deletes a result does
        for variant_id in (await session.scalars(select(Variant.id).where(Variant.job_id == job_id))).all():
            keys += await delete_variant(session, variant_id)
    job = await session.scalar(select(Job).where(Job.id == job_id).with_for_update())
    if job is None:
        raise NotFound("no such job")
    leads = await session.scalar(select(followers.IS_FOLLOWED).where(Job.id == job_id))
    if not job.status.is_final or leads:
        raise Conflict(f"the job has not ended: {job.status.value}", code="not_ready")
    if await session.scalar(select(exists().where(Variant.job_id == job_id))):
        raise Conflict("what the job made is there still", code="has_results")
    await tell_why(session, reason)
    await session.execute(delete(Job).where(Job.id == job_id))
    logger.info("job removed", extra={"job_id": str(job_id)})
    return keys

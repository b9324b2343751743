"""Whether a new job is taken: by how many may come in a minute and be unfinished, by the minutes that may be made, by
the bytes that may be stored.

The database holds these limits, so that all API processes count together. Where one is set, whoever is about to take a
place locks the row of its key or project until it has committed: of many who want the last one, one gets it. Where none
is set, nothing is asked.
"""

from __future__ import annotations

import math

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access.caller import asking
from reelwright.access.limits import COME_BACK_S
from reelwright.access.made_minutes import require_minutes
from reelwright.access.rate_buckets import Standing
from reelwright.access.stored_bytes import require_quota
from reelwright.errors import RateLimited

_ADMIT_JOB = text("SELECT whose, what, most, left_over, full_in_s FROM admit_job(:project, :key, :rates, :places)")


async def admit_job(session: AsyncSession) -> None:
    """Take the place of a new job, in the transaction that makes it. Raises RateLimited, QuotaExceeded."""
    if (request := asking()) is None:
        return
    holder = request.holder
    await require_quota(session, holder, 0)
    await require_minutes(session, holder)
    rates, places = holder.most("jobs_per_minute"), holder.most("unfinished_jobs")
    if not any((*rates, *places)):
        return
    values = {"project": holder.project_id, "key": holder.key_id, "rates": list(rates), "places": list(places)}
    for whose, what, most, left, full_in_s in await session.execute(_ADMIT_JOB, values):
        if what == "unfinished":
            raise RateLimited(
                f"The {whose} has {most} unfinished jobs, more are not taken (unfinished_jobs): come back when one has"
                " ended, or cancel one.",
                retry_after_s=COME_BACK_S,
            )
        standing = Standing(f"{whose}-jobs", most, left, full_in_s, refused=what == "refused")
        request.standings.append(standing)
        if standing.refused:
            raise RateLimited(
                f"The {whose} may make {most} new jobs a minute, more are not taken (jobs_per_minute).",
                retry_after_s=math.ceil(standing.wait_s),
            )

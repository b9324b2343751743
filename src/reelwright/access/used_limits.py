"""How much of its limits a key and its project use now, as `GET /limits` tells it."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import usage
from reelwright.access.caller import Holder
from reelwright.access.made_minutes import MINUTES, period
from reelwright.access.rate_buckets import WINDOW_S
from reelwright.access.stored_bytes import stored_bytes


@dataclass(frozen=True, slots=True)
class Used:
    """How much of each limit is used now. None: it is not counted."""

    requests_per_minute: int | None
    jobs_per_minute: int | None
    unfinished_jobs: int
    concurrent_uploads: int | None
    stored_bytes: int
    made_minutes_per_day: int
    made_minutes_per_month: int

    def with_requests(self, requests: int | None) -> Used:
        return replace(self, requests_per_minute=requests)


_OF = (
    "SELECT (SELECT extract(epoch FROM u.jobs_full_at - now()) FROM usages u WHERE u.subject_id = :subject),"
    " (SELECT count(*) FROM jobs j WHERE j.status IN ('PENDING', 'STARTED') AND j.{whose}_id = :subject),"
    " (SELECT count(*) FROM upload_places p WHERE p.held_until > now() AND p.{whose}_id = :subject)"
)
_USED = {whose: text(_OF.format(whose=whose)) for whose in ("project", "key")}


async def used(session: AsyncSession, holder: Holder) -> tuple[Used, Used]:
    """Return what the project and the key have used of their limits, but for requests."""
    stored = await stored_bytes(session, holder.project_id)
    now = datetime.datetime.now(datetime.UTC)
    made = [math.ceil(await usage.made_s(session, holder.project_id, period(name, now)[0]) / 60) for name in MINUTES]
    found = []
    for whose, subject, limits in (
        ("project", holder.project_id, holder.project_limits),
        ("key", holder.key_id, holder.limits),
    ):
        full_in_s, unfinished, uploads = (await session.execute(_USED[whose], {"subject": subject})).one()
        a_minute = limits.most("jobs_per_minute")
        jobs = None if a_minute is None else math.ceil(max(float(full_in_s or 0), 0) * a_minute / WINDOW_S - 1e-6)
        counted = uploads if any(holder.most("concurrent_uploads")) else None
        found.append(Used(None, jobs, unfinished, counted, stored, *made))
    return found[0], found[1]

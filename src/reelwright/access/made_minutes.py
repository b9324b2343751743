"""How many minutes of video and sound a project may make in a day and in a month, and when each begins anew."""

from __future__ import annotations

import datetime
import math

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import usage
from reelwright.access.caller import Holder
from reelwright.errors import RateLimited

MINUTES = ("made_minutes_per_day", "made_minutes_per_month")


async def require_minutes(session: AsyncSession, holder: Holder) -> None:
    """Raises RateLimited where the project has made all that it may: no new job is taken."""
    now = datetime.datetime.now(datetime.UTC)
    for name in MINUTES:
        limits = [most for most in holder.most(name) if most is not None]
        if not limits:
            continue
        first, anew = period(name, now)
        made = await usage.made_s(session, holder.project_id, first) / 60
        if made >= min(limits):
            raise RateLimited(
                f"The project has made {made:.0f} of the {min(limits)} minutes that it may make in a"
                f" {name.rpartition('_')[2]} ({name}): new jobs are taken from {anew:%Y-%m-%d %H:%M} UTC on.",
                retry_after_s=math.ceil((anew - now).total_seconds()),
            )


def period(name: str, now: datetime.datetime) -> tuple[datetime.date, datetime.datetime]:
    """Return the first day of what a limit of MINUTES counts now, by UTC, and when it begins anew."""
    today = now.astimezone(datetime.UTC).date()
    if name == "made_minutes_per_day":
        first, after = today, today + datetime.timedelta(days=1)
    else:
        first = today.replace(day=1)
        after = (first + datetime.timedelta(days=31)).replace(day=1)
    return first, datetime.datetime.combine(after, datetime.time(), datetime.UTC)

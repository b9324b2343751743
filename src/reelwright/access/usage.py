"""What projects use by day, of UTC: what is added up, and what is not yet (migrations/sql/daily_use_0025.sql).

It is counted in the transaction that uses it: whatever is killed, nothing is lost and nothing comes twice. What was
sent alone is not (sent_bytes.py).
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ROLLED_UP_AT_ONCE = 10_000
ONE_DAY = datetime.timedelta(days=1)

_DAYS = text(
    "SELECT u.project_id, u.day, sum(u.received_bytes)::bigint, sum(u.sent_bytes)::bigint,"
    " sum(u.made_s)::float8, sum(u.work_s)::float8,"
    " sum(u.jobs_succeeded)::bigint, sum(u.jobs_failed)::bigint, sum(u.jobs_cancelled)::bigint,"
    " (array_agg(u.stored_bytes ORDER BY u.entry DESC) FILTER (WHERE u.stored_bytes IS NOT NULL))[1],"
    " max(u.most_stored_bytes) FROM counted_use u"
    " WHERE u.project_id = ANY(:projects) AND u.day BETWEEN :first AND :last GROUP BY u.project_id, u.day"
)
_BEFORE = text(
    "SELECT DISTINCT ON (u.project_id) u.project_id, u.stored_bytes FROM counted_use u"
    " WHERE u.project_id = ANY(:projects) AND u.day < :first AND u.stored_bytes IS NOT NULL"
    " ORDER BY u.project_id, u.day DESC, u.entry DESC"
)
_MADE_S = text(
    "SELECT coalesce(sum(u.made_s), 0)::float8 FROM counted_use u WHERE u.project_id = :project AND u.day >= :since"
)
_ROLL_UP = text("SELECT roll_up_use(:at_most)")


@dataclass(frozen=True, slots=True)
class Use:
    """What a project has used in some time. `made_s`: of video and sound made, each output by itself, those that equal
    edits share once; `work_s`: of wall time that workers were at its jobs; `stored_bytes`: at the end of the time;
    `most_stored_bytes`: at its highest."""

    received_bytes: int = 0
    sent_bytes: int = 0
    made_s: float = 0.0
    work_s: float = 0.0
    jobs_succeeded: int = 0
    jobs_failed: int = 0
    jobs_cancelled: int = 0
    stored_bytes: int | None = None
    most_stored_bytes: int | None = None

    def then(self, later: Use) -> Use:
        """Return both together."""
        levels = [most for most in (self.most_stored_bytes, later.most_stored_bytes) if most is not None]
        return Use(
            self.received_bytes + later.received_bytes,
            self.sent_bytes + later.sent_bytes,
            self.made_s + later.made_s,
            self.work_s + later.work_s,
            self.jobs_succeeded + later.jobs_succeeded,
            self.jobs_failed + later.jobs_failed,
            self.jobs_cancelled + later.jobs_cancelled,
            self.stored_bytes if later.stored_bytes is None else later.stored_bytes,
            max(levels, default=None),
        )


NO_USE = Use()


def by_day(
    found: Mapping[datetime.date, Use], first: datetime.date, last: datetime.date, stored_before: int
) -> Iterator[tuple[datetime.date, Use]]:
    """Yield every day, with what was stored all along where nothing came or went."""
    level = stored_before
    for number in range((last - first).days + 1):
        day = first + number * ONE_DAY
        use = found.get(day, NO_USE)
        most = max(level, use.most_stored_bytes or 0)  # as the day begins there is what the one before has left
        level = level if use.stored_bytes is None else use.stored_bytes
        yield day, replace(use, stored_bytes=level, most_stored_bytes=most)


async def days(
    session: AsyncSession, projects: Collection[uuid.UUID], first: datetime.date, last: datetime.date
) -> dict[uuid.UUID, list[tuple[datetime.date, Use]]]:
    """Return what each project has used, every day from `first` to `last`."""
    asked = {"projects": list(projects), "first": first, "last": last}
    levels = await session.execute(_BEFORE, {"projects": asked["projects"], "first": first})
    before: dict[uuid.UUID, int] = dict(levels.all())
    found: dict[uuid.UUID, dict[datetime.date, Use]] = {project_id: {} for project_id in projects}
    for project_id, day, *numbers in await session.execute(_DAYS, asked):
        found[project_id][day] = Use(*numbers)
    return {
        project_id: list(by_day(used, first, last, before.get(project_id, 0))) for project_id, used in found.items()
    }


async def made_s(session: AsyncSession, project_id: uuid.UUID, since: datetime.date) -> float:
    """Return how many seconds a project has made from that day on."""
    return float((await session.execute(_MADE_S, {"project": project_id, "since": since})).scalar_one())


async def roll_up(session: AsyncSession) -> bool:
    """Add some of what was used up by day. Return whether there is more."""
    moved = (await session.execute(_ROLL_UP, {"at_most": ROLLED_UP_AT_ONCE})).scalar_one()
    return bool(moved == ROLLED_UP_AT_ONCE)

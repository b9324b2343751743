"""Limits of what makes work, held by the database, so that all API processes count together: new jobs, unfinished jobs,
uploads at once, stored bytes, minutes made.

Where a limit is set, whoever is about to take a place locks the row of its key or project until it has committed: of
many who want the last one, one gets it. Where none is set, nothing is asked.
"""

from __future__ import annotations

import asyncio
import datetime
import math
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.access import usage
from reelwright.access.asking import Holder, asking
from reelwright.access.buckets import WINDOW_S, Standing
from reelwright.access.limits import MINUTES, period
from reelwright.db.models import ProjectBytes
from reelwright.db.outages import is_away
from reelwright.db.sessions import outside
from reelwright.errors import QuotaExceeded, RateLimited

COME_BACK_S = 5
"""When a job or an upload ends, nobody knows."""
UPLOAD_LEASE_S = 60
"""So long the place of an upload is held whose API process has died."""
RENEWAL_S = UPLOAD_LEASE_S / 3

_ADMIT_JOB = text("SELECT whose, what, most, left_over, full_in_s FROM admit_job(:project, :key, :rates, :places)")
_ADMIT_UPLOAD = text("SELECT admit_upload(:project, :key, :place, :places, :lease_s)")
_RENEW = text("UPDATE upload_places SET held_until = now() + make_interval(secs => :lease_s) WHERE id = :place")
_RELEASE = text("DELETE FROM upload_places WHERE id = :place")


async def admit_job(session: AsyncSession) -> None:
    """Take the place of a new job, in the transaction that makes it. Raises RateLimited, QuotaExceeded."""
    if (request := asking()) is None:
        return
    holder = request.holder
    await _require_room(session, holder, 0)
    await _require_minutes(session, holder)
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


@asynccontextmanager
async def uploading(sessions: async_sessionmaker[AsyncSession], expected_bytes: int = 0) -> AsyncIterator[None]:
    """Hold the place of an upload meanwhile. `expected_bytes`: so large it is at least; more than may be stored is
    refused at once. Raises RateLimited, QuotaExceeded."""
    request = asking()
    if request is None:
        yield
        return
    holder = request.holder
    async with sessions() as session:
        await _require_room(session, holder, expected_bytes)
    places = holder.most("concurrent_uploads")
    if not any(places):
        yield
        return
    place = uuid.uuid4()
    values = {"project": holder.project_id, "key": holder.key_id, "place": place, "places": list(places)}
    with outside():
        whose = await _take_place(sessions, values)
    if whose is not None:
        most = places[0] if whose == "project" else places[1]
        raise RateLimited(
            f"The {whose} has {most} uploads under way, more are not taken (concurrent_uploads).",
            retry_after_s=COME_BACK_S,
        )
    renewing = asyncio.create_task(_renew(sessions, place), name="place of an upload")
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        await asyncio.shield(_release(sessions, place))


async def _take_place(sessions: async_sessionmaker[AsyncSession], values: dict[str, Any]) -> str | None:
    async with sessions.begin() as session:
        whose: str | None = await session.scalar(_ADMIT_UPLOAD, {**values, "lease_s": UPLOAD_LEASE_S})
        return whose


async def _renew(sessions: async_sessionmaker[AsyncSession], place: uuid.UUID) -> None:
    while True:
        await asyncio.sleep(RENEWAL_S)
        try:
            async with sessions.begin() as session:
                await session.execute(_RENEW, {"place": place, "lease_s": UPLOAD_LEASE_S})
        except Exception as error:
            if not is_away(error):
                raise


async def _release(sessions: async_sessionmaker[AsyncSession], place: uuid.UUID) -> None:
    async with sessions.begin() as session:
        await session.execute(_RELEASE, {"place": place})


async def require_room(session: AsyncSession, size_bytes: int) -> None:
    """Make sure that so many bytes more may be stored, in the transaction that inserts their row, after every other
    lock that it takes: nobody else of the project stores any until it has ended. Raises QuotaExceeded."""
    if (request := asking()) is not None and any(request.holder.most("stored_bytes")):
        project_id = request.holder.project_id
        await session.execute(
            insert(ProjectBytes).values(project_id=project_id, stored_bytes=0).on_conflict_do_nothing()
        )
        await session.execute(
            select(ProjectBytes.project_id).where(ProjectBytes.project_id == project_id).with_for_update()
        )
        await _require_room(session, request.holder, size_bytes)


async def _require_room(session: AsyncSession, holder: Holder, size_bytes: int) -> None:
    limits = [most for most in holder.most("stored_bytes") if most is not None]
    if not limits:
        return
    most = min(limits)
    stored = await stored_bytes(session, holder.project_id)
    if stored + size_bytes > most or stored >= most:
        adding = f", {size_bytes} more are too many" if size_bytes else ""
        raise QuotaExceeded(
            f"The project has {stored} of the {most} bytes that it may have (stored_bytes){adding}: delete something."
        )


async def _require_minutes(session: AsyncSession, holder: Holder) -> None:
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


async def stored_bytes(session: AsyncSession, project_id: uuid.UUID) -> int:
    """Return the bytes of the files of a project; those that several rows share count once."""
    row = select(ProjectBytes.stored_bytes).where(ProjectBytes.project_id == project_id)
    return await session.scalar(row) or 0

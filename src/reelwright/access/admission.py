"""Limits of what makes work, held by the database, so that all API processes count together: new jobs, unfinished jobs,
uploads at once, stored bytes.

Where a limit is set, whoever is about to take a place locks the row of its key or project until it has committed: of
many who want the last one, one gets it. Where none is set, nothing is asked.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.access.asking import Holder, asking
from reelwright.access.limits import Standing
from reelwright.db.database import is_away
from reelwright.db.models import ProjectBytes
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
    async with sessions.begin() as session:
        whose = await session.scalar(_ADMIT_UPLOAD, {**values, "lease_s": UPLOAD_LEASE_S})
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


async def stored_bytes(session: AsyncSession, project_id: uuid.UUID) -> int:
    """Return the bytes of the files of a project; those that several rows share count once."""
    row = select(ProjectBytes.stored_bytes).where(ProjectBytes.project_id == project_id)
    return await session.scalar(row) or 0

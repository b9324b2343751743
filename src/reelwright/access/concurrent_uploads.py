"""How many uploads there may be at once, of a key and of a project: each holds a place, as long as its process lives.

The places are rows, so that all API processes count together. Where no limit is set, nothing is asked.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.access.caller import asking
from reelwright.access.limits import COME_BACK_S
from reelwright.access.stored_bytes import require_quota
from reelwright.db.outages import is_away
from reelwright.db.sessions import outside
from reelwright.errors import RateLimited

UPLOAD_LEASE_S = 60
"""So long the place of an upload is held whose API process has died."""
RENEWAL_S = UPLOAD_LEASE_S / 3

_ADMIT_UPLOAD = text("SELECT admit_upload(:project, :key, :place, :places, :lease_s)")
_RENEW = text("UPDATE upload_places SET held_until = now() + make_interval(secs => :lease_s) WHERE id = :place")
_RELEASE = text("DELETE FROM upload_places WHERE id = :place")


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
        await require_quota(session, holder, expected_bytes)
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

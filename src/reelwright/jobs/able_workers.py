"""What the workers that live can do: said by them, so that others compile as they will.

A worker's word counts while it is fresh, as in living_workers.py.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity.exceeds_machines import Capacity
from reelwright.db.models import AbleWorker
from reelwright.jobs.living_workers import FRESH_S
from reelwright.media.ffmpeg.capabilities import Capabilities


@dataclass(frozen=True, slots=True)
class Alike:
    """Workers that make the same of a plan, byte for byte of the commands."""

    workers: tuple[str, ...]
    capabilities: Capabilities


async def publish(
    session: AsyncSession, worker: str, capabilities: Capabilities, capacity: Capacity, *, slots: int
) -> None:
    """Let everybody know what the worker can do, what one job could have there, how many it does at once, and that it
    still lives. What those said that died goes."""
    added = insert(AbleWorker).values(
        worker=worker,
        capabilities=msgspec.to_builtins(capabilities),
        capacity=msgspec.to_builtins(capacity),
        slots=slots,
    )
    await session.execute(
        added.on_conflict_do_update(
            index_elements=[AbleWorker.worker],
            set_={
                "capabilities": added.excluded.capabilities,
                "capacity": added.excluded.capacity,
                "slots": added.excluded.slots,
                "seen_at": func.now(),
            },
        )
    )
    await session.execute(delete(AbleWorker).where(AbleWorker.seen_at < func.now() - datetime.timedelta(days=1)))


async def withdraw(session: AsyncSession, worker: str) -> None:
    """Say that the worker ends."""
    await session.execute(delete(AbleWorker).where(AbleWorker.worker == worker))


async def capacities(session: AsyncSession) -> list[Capacity] | None:
    """Return what one job could have on each of the workers that live; None where that is not known of all."""
    fresh = AbleWorker.seen_at > func.now() - datetime.timedelta(seconds=FRESH_S)
    stated = (await session.scalars(select(AbleWorker.capacity).where(fresh).distinct())).all()
    return None if None in stated else [msgspec.convert(one, Capacity) for one in stated]


async def living(session: AsyncSession) -> list[Alike]:
    """Return the workers that live, those that can do the same together, the most of a kind first."""
    fresh = AbleWorker.seen_at > func.now() - datetime.timedelta(seconds=FRESH_S)
    rows = await session.execute(
        select(func.array_agg(AbleWorker.worker), AbleWorker.capabilities)
        .where(fresh)
        .group_by(AbleWorker.capabilities)
        .order_by(func.count().desc(), AbleWorker.capabilities)
    )
    found = []
    for workers, stated in rows:
        try:
            found.append(Alike(tuple(sorted(workers)), msgspec.convert(stated, Capabilities)))
        except msgspec.ValidationError:
            continue  # a release that says other things of itself: what it would make is not known here
    return found

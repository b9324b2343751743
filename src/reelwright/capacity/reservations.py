"""What of machines and disks is spoken for, as rows: made before work begins, kept alive by it, gone with it.

Whoever reserves holds the locks of its resources until the transaction ends, so that two never take the same room. A
row counts until its time is up: what a dead process held comes free by itself, as its lease does. What was written
already is on the disk's own account: `used` says how much, and only the rest is spoken for.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import BigInteger, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity.need import Need

_ROOM = text("SELECT room(:resources, :beside, :machine, :job_id)").bindparams(
    bindparam("resources", type_=ARRAY(Text)), bindparam("beside", type_=Uuid), bindparam("job_id", type_=Uuid)
)
_RESERVE = text(
    "INSERT INTO reservations (holder, resource, amount, job_id, what, until)"
    " SELECT :holder, resource, amount, :job_id, :what, now() + make_interval(secs => :lasts_s)"
    " FROM unnest(:resources, :amounts) AS r(resource, amount)"
    " ON CONFLICT (holder, resource) DO UPDATE SET amount = excluded.amount, until = excluded.until"
).bindparams(bindparam("resources", type_=ARRAY(Text)), bindparam("amounts", type_=ARRAY(BigInteger)))
_RENEW = text(
    "UPDATE reservations SET until = now() + make_interval(secs => :lasts_s),"
    " used = CASE WHEN resource = :disk THEN :used_bytes ELSE used END WHERE holder = :holder"
)
_RELEASE = text("DELETE FROM reservations WHERE holder = :holder")
_FORGET = text("DELETE FROM reservations WHERE until < now() - interval '1 minute'")

NOBODY = uuid.UUID(int=0)


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """A job that waits for room. `passed_over`: so many began before it meanwhile."""

    job_id: uuid.UUID
    need: Need
    passed_over: int


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """What others may still take, by resource, and who waits for room here, the one first that has waited longest.
    `waited`: the job that asks has waited for something; `needs_bytes`: of disk, as it ran out of it."""

    spoken_for: dict[str, int]
    waited: bool = False
    needs_bytes: int | None = None
    waiting: tuple[Stated, ...] = ()


async def room(
    session: AsyncSession,
    resources: Collection[str],
    *,
    machine: str,
    beside: uuid.UUID = NOBODY,
    job_id: uuid.UUID | None = None,
) -> Room:
    """Wait for who is about to reserve of the same, and look: nobody reserves any more until the transaction ends.
    `beside`: the holder that asks; `job_id`: for which job."""
    arguments = {"resources": sorted(resources), "beside": beside, "machine": machine, "job_id": job_id}
    return msgspec.convert(await session.scalar(_ROOM, arguments), Room)


async def reserve(
    session: AsyncSession,
    holder: uuid.UUID,
    needs: Mapping[str, int],
    *,
    what: str,
    lasts_s: float,
    job_id: uuid.UUID | None = None,
) -> None:
    """Speak for it, whether there is room or not: whoever asks has looked. `what`: kind of work, for operators."""
    await session.execute(
        _RESERVE,
        {
            "holder": holder,
            "job_id": job_id,
            "what": what,
            "lasts_s": lasts_s,
            "resources": list(needs),
            "amounts": list(needs.values()),
        },
    )


async def renew(session: AsyncSession, holder: uuid.UUID, *, lasts_s: float, disk: str, used_bytes: int) -> None:
    """Say that the work goes on, and how much it has written to a disk."""
    arguments = {"holder": holder, "lasts_s": lasts_s, "disk": disk, "used_bytes": used_bytes}
    await session.execute(_RENEW, arguments)


async def release(session: AsyncSession, holder: uuid.UUID) -> None:
    """Give back what is left: the work has ended, and its scratch files are gone."""
    await session.execute(_RELEASE, {"holder": holder})


async def forget_dead(session: AsyncSession) -> None:
    """Remove what the dead have left."""
    await session.execute(_FORGET)

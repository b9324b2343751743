"""What of machines and disks is spoken for, as rows: made before work begins, kept alive by it, gone with it.

Whoever reserves holds the locks of its resources until the transaction ends, so that two never take the same room. A
row counts until its time is up: what a dead process held comes free by itself, as its lease does. What was written
already is on the disk's own account: `used` says how much, and only the rest is spoken for.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping

import msgspec
from sqlalchemy import BigInteger, Double, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity.need import Need

_ROOM = text("SELECT room(:resources, :nobody, :machine)").bindparams(
    bindparam("resources", type_=ARRAY(Text)), bindparam("nobody", uuid.UUID(int=0), type_=Uuid)
)
_RESERVE = text(
    "WITH found AS MATERIALIZED (SELECT room(:resources, :holder, :machine, :job_id)), reserved AS ("
    " INSERT INTO reservations (holder, resource, amount, job_id, what, until)"
    " SELECT :holder, resource, amount, :job_id, :what, now() + make_interval(secs => :lasts_s)"
    " FROM found, unnest(:needed, :amounts) AS r(resource, amount)"
    " ON CONFLICT (holder, resource) DO UPDATE SET amount = excluded.amount, until = excluded.until"
    ") SELECT room FROM found"
).bindparams(
    bindparam("resources", type_=ARRAY(Text)),
    bindparam("holder", type_=Uuid),
    bindparam("machine", type_=Text),
    bindparam("job_id", type_=Uuid),
    bindparam("what", type_=Text),
    bindparam("lasts_s", type_=Double),
    bindparam("needed", type_=ARRAY(Text)),
    bindparam("amounts", type_=ARRAY(BigInteger)),
)
_RENEW = text(
    "UPDATE reservations SET until = now() + make_interval(secs => :lasts_s),"
    " used = CASE WHEN resource = :disk THEN :used_bytes ELSE used END WHERE holder = :holder RETURNING true"
)
_RELEASE = text("DELETE FROM reservations WHERE holder = :holder")
_FORGET = text("DELETE FROM reservations WHERE until < now() - interval '1 minute'")


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


async def room(session: AsyncSession, resources: Collection[str], *, machine: str) -> Room:
    """Wait for who is about to reserve of the same, and look: nobody reserves any more until the transaction ends."""
    return msgspec.convert(await session.scalar(_ROOM, {"resources": sorted(resources), "machine": machine}), Room)


async def reserve(
    session: AsyncSession,
    holder: uuid.UUID,
    needs: Mapping[str, int],
    *,
    of: Collection[str],
    machine: str,
    what: str,
    lasts_s: float,
    job_id: uuid.UUID | None = None,
) -> Room:
    """Speak for it, and look, in one round trip: whoever finds that there is too little `of` these resources rolls the
    transaction back. `what`: kind of work, for operators; `job_id`: for which job."""
    arguments = {
        "resources": sorted(of),
        "holder": holder,
        "machine": machine,
        "job_id": job_id,
        "what": what,
        "lasts_s": lasts_s,
        "needed": list(needs),
        "amounts": list(needs.values()),
    }
    return msgspec.convert(await session.scalar(_RESERVE, arguments), Room)


async def renew(session: AsyncSession, holder: uuid.UUID, *, lasts_s: float, disk: str, used_bytes: int) -> bool:
    """Say that the work goes on, and how much it has written to a disk. Return whether anything is reserved for it."""
    arguments = {"holder": holder, "lasts_s": lasts_s, "disk": disk, "used_bytes": used_bytes}
    return (await session.execute(_RENEW, arguments)).first() is not None


async def release(session: AsyncSession, holder: uuid.UUID) -> None:
    """Give back what is left: the work has ended, and its scratch files are gone."""
    await session.execute(_RELEASE, {"holder": holder})


async def forget_dead(session: AsyncSession) -> None:
    """Remove what the dead have left."""
    await session.execute(_FORGET)

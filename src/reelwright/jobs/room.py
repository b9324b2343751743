"""Room for jobs: reserved as they begin on a machine, waited for where there is none, looked at again when some comes
free.

A job for which there is no room goes back into the queue for SLEEP_S, and is woken before: by whatever ends on the
machine, and by each look of a worker at its machine (files may have been deleted, holders have died). Who goes first:
capacity/who_gets_room.py.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import msgspec
from sqlalchemy import Uuid, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity import reservations, who_gets_room
from reelwright.capacity.exceeds_machines import impossible
from reelwright.capacity.machine_resources import PlaceLook, WorkPlace
from reelwright.capacity.need import Need
from reelwright.capacity.reservations import Room, Stated
from reelwright.capacity.who_gets_room import Amounts, Shortage, Waiter
from reelwright.db.models import Job, JobWait
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.edits.plan import Plan
from reelwright.errors import ExceedsMachines
from reelwright.jobs import able_workers, queue
from reelwright.jobs import waiting as waiting_rows
from reelwright.jobs.fencing import Claim
from reelwright.jobs.footprint import footprint

SLEEP_S = 300
"""A job that waits for room is looked at again after so long, if nobody wakes it before."""
WOKEN = 8
"""So many are woken at a time: each that begins wakes nobody, each that ends does."""
LOOKED_AT = 256

_WAITING = text(
    "SELECT w.job_id, w.need, w.passed_over FROM job_waits w JOIN jobs j ON j.id = w.job_id"
    # an older release writes JSON's null
    " WHERE w.need IS NOT NULL AND jsonb_typeof(w.need) = 'object' AND j.status = 'PENDING'"
    " AND (w.machine = :machine OR CAST(:everywhere AS boolean)) ORDER BY w.since, w.job_id LIMIT :most"
).bindparams(most=LOOKED_AT)
_WAKE = text("SELECT wake_jobs(:ids)").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


async def require_possible(session: AsyncSession, plan: Plan) -> None:
    """Raises ExceedsMachines for what fits on no worker's machine, however long it waits."""
    machines = await able_workers.capacities(session)
    need = footprint(plan, 1)
    if machines is not None and (why := impossible(need, machines)) is not None:
        raise ExceedsMachines(why)


async def take(
    session: AsyncSession, claim: Claim, job: Job, need: Need, look: PlaceLook, *, lasts_s: float
) -> Shortage | None:
    """Reserve what an attempt takes that was claimed in this transaction, where there is as much as `look` found.
    Return what there is too little of; then the caller rolls back, and has the job wait (`wait`)."""
    needs = look.needs(need)
    found = await _reserve(session, claim, job, needs, look, lasts_s=lasts_s)
    if found.needs_bytes is not None:
        needs = look.needs(at_least(need, found.needs_bytes))
        await _reserve(session, claim, job, needs, look, lasts_s=lasts_s)
    waiting = _waiters(found.waiting, look)
    if (short := who_gets_room.shortage(needs, look.have, found.spoken_for, waiting)) is not None:
        return short
    if waiting:
        passed = [one.job_id for one in waiting]
        await session.execute(
            update(JobWait).where(JobWait.job_id.in_(passed)).values(passed_over=JobWait.passed_over + 1)
        )
    if found.waited:
        await waiting_rows.room_found(session, job.id)
    return None


async def widen(session: AsyncSession, claim: Claim, job: Job, need: Need, place: WorkPlace, *, lasts_s: float) -> bool:
    """Reserve more for an attempt that has found out what it takes. Return whether there was room: else the caller
    rolls back. Raises OSError."""
    look = await asyncio.to_thread(place.look)
    needs = look.needs(need)
    found = await _reserve(session, claim, job, needs, look, lasts_s=lasts_s)
    return who_gets_room.shortage(needs, look.have, found.spoken_for) is None


async def _reserve(
    session: AsyncSession, claim: Claim, job: Job, needs: Amounts, look: PlaceLook, *, lasts_s: float
) -> Room:
    assert claim.token is not None
    return await reservations.reserve(
        session,
        claim.token,
        needs,
        of=look.have,
        machine=look.machine,
        what=job.type.value,
        lasts_s=lasts_s,
        job_id=job.id,
    )


def at_least(need: Need, needs_bytes: int) -> Need:
    """Return the need, of so much disk at the least: an attempt has shown it."""
    work_bytes, media_bytes = need.work_bytes and max(need.work_bytes, needs_bytes), need.media_bytes
    if not work_bytes:  # an import has no work folder
        media_bytes = max(media_bytes, needs_bytes)
    return msgspec.structs.replace(need, work_bytes=work_bytes, media_bytes=media_bytes)


async def wait(session: AsyncSession, job_id: uuid.UUID, need: Need, short: Shortage, place: WorkPlace) -> None:
    """Leave a job in the queue until there is room for it, and say what it waits for."""
    job = await session.scalar(select(Job).where(Job.id == job_id, Job.status == JobStatus.PENDING).with_for_update())
    if job is None:
        return
    told = {
        "code": short.kind,
        "detail": short.detail,
        "machine": place.machine,
        "need": msgspec.to_builtins(need),
    }
    added = insert(JobWait).values(job_id=job.id, times=0, **told)
    await session.execute(added.on_conflict_do_update(index_elements=[JobWait.job_id], set_=told))
    job.queue_job_id = await queue.defer(session, job, delay_s=SLEEP_S)


async def give_back(session: AsyncSession, holder: uuid.UUID, place: WorkPlace) -> None:
    """Release what an attempt had, and wake those for which there is room now."""
    await reservations.release(session, holder)
    await look_again(session, place)


async def look_again(session: AsyncSession, place: WorkPlace, *, everywhere: bool = False) -> None:
    """Wake the jobs for which there is room by now; `everywhere`: also those that were refused on other machines."""
    arguments = {"machine": place.machine, "everywhere": everywhere}
    rows = (await session.execute(_WAITING, arguments)).all()
    if not rows:
        return
    look = await asyncio.to_thread(place.look)
    found = await reservations.room(session, look.have, machine=place.machine)
    waiting = _waiters([msgspec.convert(row._asdict(), Stated) for row in rows], look)
    if worth := who_gets_room.worth_a_look(waiting, look.have, found.spoken_for, WOKEN):
        await session.execute(_WAKE, {"ids": worth})


def _waiters(stated: Sequence[Stated], look: PlaceLook) -> list[Waiter]:
    return [Waiter(one.job_id, look.needs(one.need), one.passed_over) for one in stated]

"""A claim in one statement: by the plain part of the rule of capacity/who_gets_room.py, the rest is left to that."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity import reservations, who_gets_room
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.jobs import claims, lifecycle
from reelwright.jobs.fencing import Claim
from tests.support.job_database import LEASE_S, World

DISK, MEMORY, CORES = RESOURCES = ("disk:here", "memory:here", "cores:here")
PLENTY = dict.fromkeys(RESOURCES, 100)


async def claimed(
    world: World, job_id: uuid.UUID, needs: Mapping[str, int], have: Mapping[str, int], token: uuid.UUID | None = None
) -> Claim | None:
    async with world.sessions.begin() as session:
        taken = await claims.claim_with_room(
            session,
            job_id,
            worker="w",
            lease_s=LEASE_S,
            token=token or uuid.uuid4(),
            machine="here",
            needs=needs,
            have=have,
        )
    return None if taken is None else taken[0]


async def reserved(world: World) -> list[tuple[object, ...]]:
    query = "SELECT job_id, holder, resource, amount, what, until > now() FROM reservations ORDER BY resource"
    async with world.sessions() as session:
        return [tuple(row) for row in await session.execute(text(query))]


async def speak_for(world: World, amounts: Mapping[str, int]) -> uuid.UUID:
    """Reserve, as another job's attempt."""
    holder = uuid.uuid4()

    async def reserve(session: AsyncSession) -> None:
        await reservations.reserve(
            session, holder, amounts, of=PLENTY, machine="here", what="trim", lasts_s=LEASE_S, job_id=None
        )

    await world.do(reserve)
    return holder


async def test_a_job_begins_and_has_its_room_at_once(world: World) -> None:
    job_id, token = await world.job(), uuid.uuid4()
    assert await claimed(world, job_id, {DISK: 70, CORES: 1}, PLENTY, token) == Claim(job_id, 1)
    assert (await world.look(job_id)).status is JobStatus.STARTED
    assert await world.events(job_id) == [(1, "PENDING", 0), (2, "STARTED", 1)]
    assert await reserved(world) == [
        (job_id, token, CORES, 1, "trim", True),
        (job_id, token, DISK, 70, "trim", True),
    ]


async def test_nothing_is_done_where_nothing_is_to_be_taken(world: World) -> None:
    """Whoever else has it, or ended it: no room is reserved for a job that does not begin."""
    held, cancelled = await world.job(), await world.job()
    await world.claimed(held)
    await world.do(lifecycle.cancel, cancelled)
    for job_id in (held, cancelled, uuid.uuid4()):
        assert await claimed(world, job_id, {DISK: 1}, PLENTY) is None
    assert await reserved(world) == []


async def test_whoever_waits_here_is_looked_at_by_the_whole_rule(world: World) -> None:
    """A job that waits for room on this machine goes before, or is passed over and that is counted; one that has waited
    itself is known to need more."""
    waits, comes = await world.job(), await world.job()
    columns = "job_id, code, detail, times, machine, need"
    add = f"INSERT INTO job_waits ({columns}) VALUES (:job, 'disk', '', 0, 'here', '{{}}')"
    async with world.sessions.begin() as session:
        await session.execute(text(add), {"job": waits})
    assert await claimed(world, comes, {DISK: 1}, PLENTY) is None
    assert await claimed(world, waits, {DISK: 1}, PLENTY) is None
    async with world.sessions.begin() as session:
        await session.execute(text("UPDATE job_waits SET machine = 'elsewhere'"))
    assert await claimed(world, comes, {DISK: 1}, PLENTY) == Claim(comes, 1)
    assert await claimed(world, waits, {DISK: 1}, PLENTY) is None


async def test_there_is_room_where_the_rule_says_so(world: World) -> None:
    """Whatever is there, is spoken for, and is needed; what a holder has written of it is on the disk's own account."""
    chance = random.Random(14)
    seen = set()
    for _ in range(40):
        spoken_for = {resource: chance.randint(1, 60) for resource in chance.sample(RESOURCES, chance.randint(0, 3))}
        holder = await speak_for(world, spoken_for)
        used = chance.choice((0, 10, 1000))
        async with world.sessions.begin() as session:
            await session.execute(text("UPDATE reservations SET used = :used"), {"used": used})
        left = {resource: max(amount - used, 0) for resource, amount in spoken_for.items()}
        have = {resource: chance.randint(-20, 100) for resource in RESOURCES}
        needs = {resource: chance.randint(1, 60) for resource in chance.sample(RESOURCES, chance.randint(1, 3))}
        is_room = who_gets_room.shortage(needs, have, left) is None
        job_id, token = await world.job(), uuid.uuid4()
        assert (await claimed(world, job_id, needs, have, token) is not None) == is_room, (needs, have, left)
        seen.add(is_room)
        for one in (holder, token):
            await world.do(reservations.release, one)
    assert seen == {True, False}

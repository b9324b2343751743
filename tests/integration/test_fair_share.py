"""Whose job is taken next: projects share the workers by their weights, whatever one of them has queued."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections import Counter
from typing import TypeAlias

import asyncpg
import pytest

from reelwright.db.models import Project, new_id
from reelwright.db.ownership import confined
from tests.support.job_database import World

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Fetching:
    """A worker's side of the queue: what it is handed, and that it has done it after so long."""

    def __init__(self, world: World, connection: Connection, worker_id: int) -> None:
        self.world = world
        self.connection = connection
        self.worker_id = worker_id
        self.names: dict[uuid.UUID, str] = {}

    async def project(self, name: str, *, share: int = 1) -> uuid.UUID:
        project = Project(id=new_id(), name=name, queue_share=share)
        async with self.world.sessions.begin() as session:
            session.add(project)
        self.names[project.id] = name
        return project.id

    async def queued(self, project_id: uuid.UUID, jobs: int, *, priority: int = 0, delay_s: float = 0) -> None:
        """Entries of one job of the project: the queue looks no further than whose it is."""
        with confined(project_id):
            job_id = await self.world.job()
        await self.connection.execute("DELETE FROM procrastinate_jobs WHERE args->>'job_id' = $1", str(job_id))
        await self.connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, scheduled_at)"
            " SELECT 'render', 'reelwright.render', $2, $1::jsonb, now() + nullif($3, 0) * interval '1 second'"
            " FROM generate_series(1, $4)",
            *(json.dumps({"job_id": str(job_id)}), priority, delay_s, jobs),
        )

    async def fetch(self, *, connection: Connection | None = None) -> asyncpg.Record:
        found = await (connection or self.connection).fetchrow(
            "SELECT * FROM procrastinate_fetch_job_v2(ARRAY['render'], $1)", self.worker_id
        )
        assert found is not None
        return found

    async def taken(self, jobs: int, *, lasting_s: dict[str, float] | None = None) -> list[str]:
        """Whose jobs one worker is handed, one after the other, where those of a project last so long."""
        order = []
        for _ in range(jobs):
            entry = await self.fetch()
            name = self.names.get(entry["project_id"], "nobody")
            order.append(name)
            if entry["id"] is not None:
                await self.ended(entry["id"], lasting_s=(lasting_s or {}).get(name, 1.0))
        return order

    async def ended(self, entry_id: int, *, lasting_s: float) -> None:
        await self.connection.execute(
            "UPDATE procrastinate_jobs SET taken_at = clock_timestamp() - $2 * interval '1 second' WHERE id = $1",
            *(entry_id, lasting_s),
        )
        await self.connection.execute("SELECT procrastinate_finish_job_v1($1, 'succeeded', false)", entry_id)


@pytest.fixture
async def fetching(world: World, operator: Connection) -> Fetching:
    worker_id = await operator.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
    return Fetching(world, operator, worker_id)


async def test_ten_jobs_beside_ten_thousand_wait_for_ten(fetching: Fetching) -> None:
    """A project that came first with 10,000 has one turn, the other the next."""
    many, few = await fetching.project("many"), await fetching.project("few")
    await fetching.queued(many, 10_000)
    assert await fetching.taken(3) == ["many"] * 3
    await fetching.queued(few, 10)
    order = await fetching.taken(21)
    assert Counter(order)["few"] == 10


async def test_a_share_of_three_gets_three_times_the_time(fetching: Fetching) -> None:
    """However long the jobs of each take: it is time that is shared, not the number of jobs."""
    three, one = await fetching.project("three", share=3), await fetching.project("one")
    await fetching.queued(three, 200)
    await fetching.queued(one, 200)
    assert 29 <= Counter(await fetching.taken(40))["three"] <= 31
    lasting_s = {"three": 10.0, "one": 1.0}
    await fetching.taken(20, lasting_s=lasting_s)  # it has to be learned how long they take
    counted = Counter(await fetching.taken(65, lasting_s=lasting_s))
    assert 2.5 <= 10 * counted["three"] / counted["one"] <= 3.5


async def test_who_was_idle_has_saved_nothing(fetching: Fetching) -> None:
    """After a hundred jobs that another had the workers for alone, both have every second turn."""
    busy, idle = await fetching.project("busy"), await fetching.project("idle")
    await fetching.queued(busy, 200)
    await fetching.queued(idle, 1)
    await fetching.taken(100)
    await fetching.queued(idle, 50)
    assert 19 <= Counter(await fetching.taken(40))["idle"] <= 21


async def test_within_a_project_priority_goes_first_and_then_age(fetching: Fetching) -> None:
    """And no further: what is urgent to one is not to others."""
    ours, theirs = await fetching.project("ours"), await fetching.project("theirs")
    await fetching.queued(theirs, 3)
    for priority in (-10, 0, 10, 10):
        await fetching.queued(ours, 1, priority=priority)
    found = [await fetching.fetch() for _ in range(7)]
    assert Counter(fetching.names[entry["project_id"]] for entry in found[:4]) == {"ours": 2, "theirs": 2}
    own = [entry for entry in found if entry["project_id"] == ours]
    assert [entry["priority"] for entry in own] == [10, 10, 0, -10]
    assert own[0]["id"] < own[1]["id"]
    assert (await fetching.fetch())["id"] is None


async def test_what_is_not_due_holds_nobody_up(fetching: Fetching) -> None:
    """However much of it there is and however urgent; once it is due it has its turn."""
    project = await fetching.project("project")
    await fetching.queued(project, 1000, priority=10, delay_s=3600)
    await fetching.queued(project, 1)
    assert (await fetching.fetch())["priority"] == 0
    assert (await fetching.fetch())["id"] is None
    await fetching.connection.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
    assert (await fetching.fetch())["priority"] == 10


async def test_workers_that_fetch_at_once_get_each_a_job_of_its_own(fetching: Fetching) -> None:
    """And all that there is, while the shares hold."""
    projects = [await fetching.project(f"project-{number}") for number in range(4)]
    for project in projects:
        await fetching.queued(project, 50)
    workers = [await asyncpg.connect(fetching.world.url) for _ in range(8)]

    async def some(connection: Connection) -> list[asyncpg.Record]:
        return [await fetching.fetch(connection=connection) for _ in range(20)]

    found = [entry for taken in await asyncio.gather(*map(some, workers)) for entry in taken]
    for connection in workers:
        await connection.close()
    assert len({entry["id"] for entry in found}) == 160
    counted = Counter(fetching.names[entry["project_id"]] for entry in found)
    assert all(30 <= jobs <= 50 for jobs in counted.values()), counted


async def test_a_dead_workers_job_costs_what_was_thought(fetching: Fetching) -> None:
    """When it died nobody knows: a weekend without workers is not charged to whose job one had."""
    unlucky, other = await fetching.project("unlucky"), await fetching.project("other")
    await fetching.queued(unlucky, 20)
    entry = await fetching.fetch()
    await fetching.connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '2 days'")
    await fetching.ended(entry["id"], lasting_s=2 * 24 * 3600)
    await fetching.connection.execute("UPDATE procrastinate_workers SET last_heartbeat = now()")
    await fetching.queued(other, 20)
    assert Counter(await fetching.taken(10))["unlucky"] >= 4


async def test_a_fetch_reads_no_more_where_a_hundred_thousand_wait(fetching: Fetching) -> None:
    """Whatever the statistics say: those of the empty table, and those of the full one."""
    few, many = await fetching.project("few"), await fetching.project("many")

    async def pages() -> int:
        """What a fetch reads, by Postgres' own count."""
        plan = json.loads(
            await fetching.connection.fetchval(
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM procrastinate_fetch_job_v2(ARRAY['render'], $1)",
                fetching.worker_id,
            )
        )
        return int(plan[0]["Plan"]["Shared Hit Blocks"]) + int(plan[0]["Plan"]["Shared Read Blocks"])

    await fetching.connection.execute("ALTER TABLE procrastinate_jobs SET (autovacuum_enabled = off)")
    await fetching.queued(few, 40)
    before = sorted([await pages() for _ in range(10)])[5]
    await fetching.queued(many, 50_000)
    await fetching.queued(few, 50_000, priority=-1, delay_s=3600)
    for statistics in (None, "ANALYZE procrastinate_jobs"):
        if statistics:
            await fetching.connection.execute(statistics)
        after = sorted([await pages() for _ in range(10)])[5]
        assert after < 2 * before + 50, statistics

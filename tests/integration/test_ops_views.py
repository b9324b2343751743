"""What operators read by SQL: the views of the schema `ops` say what the rows of the service and its queue say."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select, update

from reelwright.db.models import File, Job, new_id
from reelwright.jobs import waiting
from tests.support.job_database import World
from tests.support.job_states import cancelled, failed, pending, started, succeeded

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"


async def worker(operator: asyncpg.Connection[asyncpg.Record], job_id: uuid.UUID, *, silent_s: float = 0) -> None:
    """Give the job's queue entry to a worker that was last heard of then."""
    worker_id = await operator.fetchval(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => $1)) RETURNING id",
        silent_s,
    )
    await operator.execute(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = $1 WHERE args->>'job_id' = $2",
        worker_id,
        str(job_id),
    )


async def test_a_healthy_system_has_nothing_stuck(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """Waiting, running, paused and ended jobs with a living worker are none of it."""
    running = await started(world)
    await worker(operator, running)
    for state in (pending, failed, cancelled, succeeded):
        await state(world)
    assert await operator.fetch("SELECT * FROM ops.stuck") == []
    (busy,) = await operator.fetch("SELECT * FROM ops.workers")
    assert (busy["alive"], busy["worker"], busy["jobs_held"], busy["job_ids"]) == (True, "w", 1, [running])
    await operator.execute("DELETE FROM procrastinate_workers")
    await operator.execute("SELECT ops.pause('render')")
    assert "no_worker" not in {row["reason"] for row in await operator.fetch("SELECT reason FROM ops.stuck")}


async def lease_expired(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await started(world)
    await worker(operator, job_id, silent_s=40)
    await world.expire(job_id)
    return job_id


async def worker_silent(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await started(world)
    await worker(operator, job_id, silent_s=40)
    return job_id


async def entry_lost(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await pending(world)
    await operator.execute("DELETE FROM procrastinate_jobs")
    return job_id


async def fetched_not_claimed(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await pending(world)
    await worker(operator, job_id)
    await operator.execute("UPDATE procrastinate_events SET at = at - interval '16 seconds'")
    return job_id


async def no_worker(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    return await pending(world)


async def not_fetched(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await pending(world)
    await operator.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    await operator.execute("UPDATE jobs SET updated_at = now() - interval '61 seconds'")
    return job_id


async def entry_abandoned(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await succeeded(world)
    await worker(operator, job_id, silent_s=70)
    return job_id


async def not_stopped(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> uuid.UUID:
    job_id = await started(world)
    await worker(operator, job_id)
    await operator.execute("SELECT ops.cancel($1)", job_id)
    await operator.execute("UPDATE jobs SET finished_at = now() - interval '61 seconds'")
    return job_id


@pytest.mark.parametrize(
    "trouble",
    [
        lease_expired,
        worker_silent,
        entry_lost,
        fetched_not_claimed,
        no_worker,
        not_fetched,
        entry_abandoned,
        not_stopped,
    ],
)
async def test_what_is_stuck_is_shown_with_its_reason(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    trouble: Callable[[World, asyncpg.Connection[asyncpg.Record]], Awaitable[uuid.UUID]],
) -> None:
    """One row a trouble, named, with a sentence and the time since."""
    job_id = await trouble(world, operator)
    (row,) = await operator.fetch("SELECT * FROM ops.stuck")
    assert (row["job_id"], row["reason"]) == (job_id, trouble.__name__)
    assert row["meaning"]
    assert row["stuck_s"] >= 0


async def test_a_job_says_what_it_waits_for_beside_its_turn(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """No worker, a pause, what hinders all workers, what the job itself needs; and nothing when it is only not its
    turn. The API says the same."""
    job_id = await pending(world)
    living = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => $1))"
    full = (
        "INSERT INTO hindrances (worker, code, detail, seen_at)"
        " VALUES ($1, 'no_space', 'the disk is full', now() - $2::interval)"
    )

    async def waits_for() -> tuple[str | None, str | None, bool]:
        row = await operator.fetchrow(
            "SELECT waiting_for, waiting_for_detail, waiting_for_since FROM ops.queue WHERE job_id = $1", job_id
        )
        assert row is not None
        said = (await world.do(waiting.reasons, [await world.look(job_id)])).get(job_id)
        assert (said and (said.code, said.detail, said.since)) == (None if row[0] is None else tuple(row))
        return row[0], row[1], row[2] is not None

    await operator.execute(living, 31)
    code, detail, dated = await waits_for()
    assert (code, dated) == ("worker", False)
    assert "reelwright up" in (detail or "")
    await operator.execute(living, 1)
    assert await waits_for() == (None, None, False)
    await operator.execute(
        "INSERT INTO job_waits (job_id, code, detail, times) VALUES ($1, 'killed', 'ended', 1)", job_id
    )
    assert await waits_for() == ("killed", "ended", True)
    await operator.execute(full, "a:1", timedelta(seconds=31))
    assert await operator.fetch("SELECT * FROM ops.hindrances") == []
    assert await waits_for() == ("killed", "ended", True)
    await operator.execute(full, "b:2", timedelta(seconds=1))
    (hindered,) = await operator.fetch("SELECT worker, code, detail FROM ops.hindrances")
    assert tuple(hindered) == ("b:2", "no_space", "the disk is full")
    assert await waits_for() == ("no_space", "the disk is full", True)
    await operator.execute(living, 2)  # one that can work
    assert await waits_for() == ("killed", "ended", True)
    await operator.execute("SELECT ops.pause('render')")
    assert await waits_for() == ("paused", "the queue render is paused", True)


@pytest.mark.parametrize(
    ("progress", "speed", "commands", "left_s"),
    [
        (25, 2.0, [{"expected_s": "40"}], 15.0),
        (10, 0.5, [{"expected_s": "1001/30", "weight": 3.0}, {"expected_s": "12", "weight": 1.0}], 80.1),
        (90, 4.0, [{"expected_s": "1001/30", "weight": 3.0}, {"expected_s": "12", "weight": 1.0}], 1.2),
        (75, 4.0, [{"expected_s": "30", "weight": 3.0}, {"expected_s": "12", "weight": 1.0}], 3.0),
        (50, None, [{"expected_s": "40"}], None),
        (50, 1.0, [], None),
    ],
)
async def test_the_estimate_goes_by_the_speed_and_what_commands_weigh(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    progress: int,
    speed: float | None,
    commands: list[dict[str, Any]],
    left_s: float | None,
) -> None:
    """Of the command that runs; none where there is no speed."""
    job_id = await world.job()
    await world.claimed(job_id)
    async with world.sessions.begin() as session:
        await session.execute(
            update(Job).values(progress=progress, speed=speed, recipe_json={"commands": commands}, stage="render")
        )
    row = await operator.fetchrow("SELECT progress_percent, stage, speed, eta_s FROM ops.running")
    assert row is not None
    assert (row["progress_percent"], row["stage"], row["speed"]) == (progress, "render", speed)
    assert (row["eta_s"] and float(row["eta_s"])) == left_s


async def test_the_figures_are_those_of_the_rows(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """Throughput by outcome, waiting and running apart, a shared file counted once."""
    for state in (succeeded, succeeded, succeeded, failed, cancelled, pending):
        await state(world)
    await operator.execute(
        "UPDATE jobs SET created_at = now() - interval '100 s', started_at = now() - interval '90 s',"
        " finished_at = now() - make_interval(secs => 80 - 10 * n)"
        " FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM jobs WHERE status = 'SUCCESS') AS done"
        " WHERE jobs.id = done.id"
    )
    hours = await operator.fetch("SELECT succeeded, failed, cancelled FROM ops.throughput WHERE kind = 'trim'")
    assert [sum(hour[name] for hour in hours) for name in ("succeeded", "failed", "cancelled")] == [3, 1, 1]
    (took,) = await operator.fetch("SELECT * FROM ops.latency")
    assert (took["days_ago"], took["jobs"], took["waiting_p50_s"], took["run_p50_s"]) == (0, 3, 10, 20)
    await operator.execute(
        "UPDATE job_events SET created_at = started_at - interval '4 s', data = '{\"reason\": \"retried\"}'"
        " FROM jobs WHERE id = job_id AND status = 'SUCCESS' AND job_events.type = 'PENDING'"
    )
    assert await operator.fetchval("SELECT waiting_p99_s FROM ops.latency") == 4

    async with world.sessions.begin() as session:
        first, second = (await session.scalars(select(File).order_by(File.id).limit(2))).all()
        second.key, second.size_bytes, first.size_bytes = first.key, 1000, 1000
    (stored,) = await operator.fetch("SELECT * FROM ops.storage")
    assert (stored["owner"], stored["role"]) == ("video", "main")
    assert (stored["files"], stored["stored_files"], stored["stored_bytes"]) == (6, 5, 1000 + 4)
    videos = await operator.fetch(
        "SELECT variants, total_bytes FROM ops.videos ORDER BY total_bytes DESC, variants DESC"
    )
    assert [row["total_bytes"] for row in videos] == [1000, 1000, 1, 1, 1, 1]
    assert sum(row["variants"] for row in videos) == 3


async def test_views_find_their_rows_by_indexes(operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """With many ended jobs, none of the views that are looked at often reads them all."""
    await operator.execute(
        "INSERT INTO jobs (id, type, status, progress, created_at, started_at, finished_at, queue_job_id)"
        " SELECT gen_random_uuid(), 'trim', 'SUCCESS', 100, at, at, at, n"
        " FROM generate_series(1, 20000) AS n, LATERAL (SELECT now() - n * interval '1 hour' AS at) AS long_ago;"
        "INSERT INTO job_events (job_id, seq, attempt, type) SELECT id, 1, 0, 'PENDING' FROM jobs;"
        "ANALYZE jobs; ANALYZE job_events"
    )
    asked = {
        **dict.fromkeys(("queue", "queues", "running", "stuck", "throughput", "latency"), ""),
        "failures": " WHERE failed_at > now() - interval '1 day'",
        "job_timeline": f" WHERE job_id = '{new_id()}'",
    }
    for view, condition in asked.items():
        plan = "\n".join(row[0] for row in await operator.fetch(f"EXPLAIN SELECT * FROM ops.{view}{condition}"))
        assert "Seq Scan on job" not in plan, f"ops.{view}\n{plan}"


async def test_labels_are_joined_by_id(world: World, operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """What clients call their things, beside what the other views say of them; what has none is left out."""
    named, _ = await world.job(), await world.job()
    await operator.execute(
        "UPDATE jobs SET labels = $2 WHERE id = $1", named, '{"title": "Day 1", "tags": ["a"], "external_id": "7"}'
    )
    rows = await operator.fetch(
        "SELECT title, external_id, tags, metadata, of_kind, kind FROM ops.queue JOIN ops.labels ON id = job_id"
    )
    assert [tuple(row) for row in rows] == [("Day 1", "7", '["a"]', "{}", "job", "trim")]
    assert await operator.fetchval("SELECT count(*) FROM ops.labels") == 1


async def test_everything_in_the_schema_explains_itself(operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """`\\d+` and `\\df+` show a comment for each view, column and function; the document has each view."""
    undescribed = await operator.fetch(
        "SELECT c.oid::regclass::text || coalesce('.' || a.attname, '') FROM pg_class c"
        " LEFT JOIN LATERAL (SELECT attname, attnum FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0"
        "  UNION ALL SELECT NULL, 0) AS a ON true"
        " WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind = 'v'"
        " AND (CASE a.attnum WHEN 0 THEN obj_description(c.oid) ELSE col_description(c.oid, a.attnum) END) IS NULL"
        " UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p"
        " WHERE p.pronamespace = 'ops'::regnamespace AND obj_description(p.oid) IS NULL"
    )
    assert undescribed == []
    views = await operator.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'ops'::regnamespace")
    documented = re.findall(r"^\| `ops\.(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert sorted(row["relname"] for row in views) == sorted(documented)

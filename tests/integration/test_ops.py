"""What operators read and do by SQL (schema `ops`): the same as by the API, for roles that may do nothing else."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import procrastinate.schema
import pytest
from alembic import command
from sqlalchemy import delete, insert, select, text, update

from reelwright.db.database import create_engine
from reelwright.db.migrate import configuration
from reelwright.db.models import File, Job, Queue, new_id
from reelwright.edits.vocabulary import JobStatus
from reelwright.errors import Conflict, JobFailed, LeaseLost, NotFound, ReelwrightError
from reelwright.jobs import lifecycle, queue
from reelwright.jobs.outlook import eta_s
from world import World

FAILED = JobFailed("no such luck", code="ffmpeg_failed")
PASSING = JobFailed("bad day", code="crashed", retryable=True)
VIEWS = (
    *("queue", "queues", "running", "workers", "stuck", "failures"),
    *("throughput", "latency", "storage", "videos", "job_timeline"),
)


@pytest.fixture
async def operator(world: World) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session of the owner of the database."""
    connection = await asyncpg.connect(world.url)
    yield connection
    await connection.close()


async def pending(world: World) -> uuid.UUID:
    return await world.job()


async def started(world: World) -> uuid.UUID:
    job_id = await world.job()
    claim = await world.claimed(job_id)
    await world.do(lifecycle.report, claim, percent=40, stage="render", speed=2.0)
    return job_id


async def failed(world: World) -> uuid.UUID:
    """After a failure that passed, a second one that does not."""
    job_id = await world.job()
    await world.do(lifecycle.fail, await world.claimed(job_id), PASSING)
    claim = await world.claimed(job_id)
    await world.do(lifecycle.report, claim, percent=60, stage="verify", speed=2.0)
    await world.do(lifecycle.fail, claim, FAILED)
    return job_id


async def cancelled(world: World) -> uuid.UUID:
    job_id = await started(world)
    await world.do(lifecycle.cancel, job_id)
    return job_id


async def succeeded(world: World) -> uuid.UUID:
    job_id = await world.job()
    await world.publish(await world.claimed(job_id), job_id)
    return job_id


async def rows(operator: asyncpg.Connection[asyncpg.Record], job_id: uuid.UUID) -> str:
    """All that the database knows of a job, with ids and times reduced to their being there."""
    found = {
        "job": "SELECT to_jsonb(j) FROM jobs j WHERE id = $1",
        "events": "SELECT jsonb_agg(to_jsonb(e) ORDER BY seq) FROM job_events e WHERE job_id = $1",
        "entries": "SELECT jsonb_agg(to_jsonb(q) ORDER BY id) FROM procrastinate_jobs q"
        " WHERE args->>'job_id' = $1::uuid::text",
        "history": "SELECT jsonb_agg(e.type ORDER BY e.id) FROM procrastinate_events e"
        " JOIN procrastinate_jobs q ON q.id = e.job_id WHERE q.args->>'job_id' = $1::uuid::text",
    }

    def reduced(value: Any) -> Any:
        if isinstance(value, dict):
            varies = ("id", "_id", "_at", "_until")
            return {name: bool(one) if name.endswith(varies) else reduced(one) for name, one in value.items()}
        return [reduced(one) for one in value] if isinstance(value, list) else value

    known = {name: reduced(json.loads(await operator.fetchval(query, job_id))) for name, query in found.items()}
    return json.dumps(known, indent=1, sort_keys=True)


@asynccontextmanager
async def heard(url: str, *channels: str) -> AsyncIterator[list[tuple[str, str]]]:
    """The notifications of the time within the block; complete after it."""
    listener = await asyncpg.connect(url)
    found: list[tuple[str, str]] = []
    last = asyncio.Event()
    for channel in channels:
        await listener.add_listener(channel, lambda _, __, name, payload: found.append((name, str(payload))))
    await listener.add_listener("last", lambda *_: last.set())
    yield found
    await listener.execute("NOTIFY last")
    await asyncio.wait_for(last.wait(), 10)
    await listener.close()


@pytest.mark.parametrize(
    ("state", "function", "transition"),
    [
        (pending, "cancel", lifecycle.cancel),
        (started, "cancel", lifecycle.cancel),
        (failed, "requeue", lifecycle.retry),
        (cancelled, "requeue", lifecycle.retry),
    ],
)
async def test_sql_leaves_the_rows_that_the_api_leaves(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    state: Callable[[World], Awaitable[uuid.UUID]],
    function: str,
    transition: Callable[..., Awaitable[Job]],
) -> None:
    """Job, events, queue entries and news: nobody can tell afterwards which way it was done."""
    by_api, by_sql = await state(world), await state(world)
    channels = (lifecycle.CHANNEL, "procrastinate_any_queue_v1", f"procrastinate_queue_v1#{queue.QUEUE}")
    async with heard(world.url, *channels) as news_of_api:
        await world.do(transition, by_api)
    async with heard(world.url, *channels) as news_of_sql:
        answer = await operator.fetchval(f"SELECT ops.{function}($1)", by_sql)
    assert answer == (await world.look(by_sql)).status.value == (await world.look(by_api)).status.value
    assert await rows(operator, by_sql) == await rows(operator, by_api)
    assert (lifecycle.CHANNEL, str(by_sql)) in news_of_sql
    assert sorted(channel for channel, _ in news_of_sql) == sorted(channel for channel, _ in news_of_api)


@pytest.mark.parametrize(
    ("state", "function", "transition", "sentence"),
    [
        (pending, "requeue", lifecycle.retry, "is PENDING: only one that failed or was cancelled"),
        (started, "requeue", lifecycle.retry, "is STARTED: only one that failed or was cancelled"),
        (succeeded, "requeue", lifecycle.retry, "is SUCCESS: only one that failed or was cancelled"),
        (succeeded, "cancel", lifecycle.cancel, "has ended already: SUCCESS"),
        (failed, "cancel", lifecycle.cancel, "has ended already: FAILURE"),
        (cancelled, "cancel", lifecycle.cancel, "has ended already: CANCELLED"),
    ],
)
async def test_sql_refuses_what_the_api_refuses(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    state: Callable[[World], Awaitable[uuid.UUID]],
    function: str,
    transition: Callable[..., Awaitable[Job]],
    sentence: str,
) -> None:
    """With a sentence that says why, and nothing is changed."""
    job_id = await state(world)
    before = await rows(operator, job_id)
    with pytest.raises(Conflict):
        await world.do(transition, job_id)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match=sentence):
        await operator.execute(f"SELECT ops.{function}($1)", job_id)
    assert await rows(operator, job_id) == before


async def test_a_job_whose_input_was_deleted_is_not_queued_again(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """The API and SQL say so, and ops.failures says it before."""
    video_id, file_id = await world.video()
    job_id = (await world.do(world.create, video_id, file_id)).id
    await world.do(lifecycle.fail, await world.claimed(job_id), FAILED)
    can_requeue = "SELECT can_requeue FROM ops.failures WHERE job_id = $1"
    assert await operator.fetchval(can_requeue, job_id) is True
    async with world.sessions.begin() as session:
        await session.execute(delete(File).where(File.id == file_id))
    with pytest.raises(ReelwrightError, match="was deleted"):
        await world.do(lifecycle.retry, job_id)
    with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="was deleted"):
        await operator.execute("SELECT ops.requeue($1)", job_id)
    assert await operator.fetchval(can_requeue, job_id) is False


@pytest.mark.parametrize("function", ["cancel", "requeue"])
async def test_an_unknown_job_is_named(
    world: World, operator: asyncpg.Connection[asyncpg.Record], function: str
) -> None:
    """Not found is an error: a mistyped id does not look like success."""
    with pytest.raises(NotFound):
        await world.do(getattr(lifecycle, function, lifecycle.retry), new_id())
    with pytest.raises(asyncpg.NoDataFoundError, match=r"no such job: [0-9a-f-]{36}"):
        await operator.execute(f"SELECT ops.{function}($1)", new_id())


async def test_a_worker_that_lost_its_job_to_an_operator_writes_nothing_more(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Cancelled and queued again by SQL, the job is a new attempt's; the old one's writes are refused."""
    job_id = await world.job()
    old = await world.claimed(job_id)
    await operator.execute("SELECT ops.cancel($1)", job_id)
    with pytest.raises(LeaseLost):
        await world.do(lifecycle.renew, old, lease_s=60)
    await operator.execute("SELECT ops.requeue($1)", job_id)
    new = await world.claimed(job_id)
    assert new.attempt == old.attempt + 1
    with pytest.raises(LeaseLost):
        await world.publish(old, job_id)
    await world.publish(new, job_id)
    timeline = await operator.fetch("SELECT * FROM ops.job_timeline WHERE job_id = $1 ORDER BY seq", job_id)
    assert [(row["state"], row["attempt"]) for row in timeline] == [
        ("PENDING", 0),
        ("STARTED", 1),
        ("CANCELLED", 1),
        ("PENDING", 1),
        ("STARTED", 2),
        ("SUCCESS", 2),
    ]
    assert timeline[0]["after_s"] is None
    assert all(row["after_s"] >= 0 for row in timeline[1:])
    assert timeline[3]["remark"] == "retried"


async def fetched(operator: asyncpg.Connection[asyncpg.Record], *queues: str) -> str | None:
    """The queue of the entry that a worker of these queues (none: all) gets next."""
    worker_id = await operator.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
    taken: str | None = await operator.fetchval(
        "SELECT queue_name FROM procrastinate_fetch_job_v2($1::varchar[], $2)", list(queues) or None, worker_id
    )
    return taken


async def test_no_worker_gets_a_job_of_a_paused_queue(
    world: World, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """Those of other queues it does, whatever waits before them; after the resume, all in their order."""
    async with world.sessions.begin() as session:
        await session.execute(insert(Queue).values(name="other"))
    await world.job()
    await operator.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('other', 'x'), ('other', 'x')"
    )
    since = await operator.fetchval("SELECT ops.pause('render')")
    assert await operator.fetchval("SELECT ops.pause('render')") == since
    assert await operator.fetchval("SELECT paused FROM ops.queue") is True
    assert await fetched(operator, "render") is None
    assert await fetched(operator, "render", "other") == "other"
    assert await fetched(operator) == "other"
    assert await fetched(operator) is None
    paused = await operator.fetchrow("SELECT * FROM ops.queues WHERE queue = 'render'")
    assert paused is not None
    assert (paused["paused"], paused["paused_at"], paused["waiting"], paused["due"]) == (True, since, 1, 1)
    assert paused["paused_by"] == await operator.fetchval("SELECT session_user")
    assert await operator.fetchval("SELECT ops.resume('render')") == 1
    assert await fetched(operator, "render") == "render"
    assert await operator.fetchval("SELECT paused FROM ops.queues WHERE queue = 'render'") is False


async def test_the_queue_that_jobs_use_can_be_paused_and_a_mistyped_one_cannot(
    operator: asyncpg.Connection[asyncpg.Record],
) -> None:
    """A pause that stops nothing would be believed: the queues that there are are named."""
    for function in ("pause", "resume"):
        with pytest.raises(asyncpg.NoDataFoundError, match="no such queue: rendr") as refused:
            await operator.execute(f"SELECT ops.{function}('rendr')")
        assert refused.value.hint == "There are: render"
        await operator.execute(f"SELECT ops.{function}($1)", queue.QUEUE)


async def test_a_downgrade_gives_the_queue_its_own_fetch_back(world: World) -> None:
    """With its release's body; and the pause's table is gone."""
    engine = create_engine(world.url, application_name="tests")
    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "0004"))
        body = await connection.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = 'procrastinate_fetch_job_v2'"))
    await engine.dispose()
    assert body
    assert body in procrastinate.schema.SchemaManager.get_schema()


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


@pytest.mark.parametrize(
    ("progress", "speed", "commands"),
    [
        (25, 2.0, [{"expected_s": "40"}]),
        (10, 0.5, [{"expected_s": "1001/30", "weight": 3.0}, {"expected_s": "12", "weight": 1.0}]),
        (90, 4.0, [{"expected_s": "1001/30", "weight": 3.0}, {"expected_s": "12", "weight": 1.0}]),
        (75, 4.0, [{"expected_s": "30", "weight": 3.0}, {"expected_s": "12", "weight": 1.0}]),
        (50, None, [{"expected_s": "40"}]),
        (50, 1.0, []),
    ],
)
async def test_the_estimate_is_the_one_that_the_api_gives(
    world: World,
    operator: asyncpg.Connection[asyncpg.Record],
    progress: int,
    speed: float | None,
    commands: list[dict[str, Any]],
) -> None:
    """Whatever the commands weigh, and none where the API has none."""
    job_id = await world.job()
    await world.claimed(job_id)
    async with world.sessions.begin() as session:
        await session.execute(
            update(Job).values(progress=progress, speed=speed, recipe_json={"commands": commands}, stage="render")
        )
    row = await operator.fetchrow("SELECT progress_percent, stage, speed, eta_s FROM ops.running")
    assert row is not None
    assert (row["progress_percent"], row["stage"], row["speed"]) == (progress, "render", speed)
    assert (row["eta_s"] and float(row["eta_s"])) == eta_s(await world.look(job_id))


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


async def test_everything_in_the_schema_explains_itself(operator: asyncpg.Connection[asyncpg.Record]) -> None:
    """`\\d+` and `\\df+` show a comment for each view, column and function."""
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
    assert {row["relname"] for row in views} == set(VIEWS)


@asynccontextmanager
async def member(world: World, grant: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A session of a role that got its rights by the function `grant`, through membership."""
    owner = await asyncpg.connect(world.url)
    group, name = (f"{kind}_{uuid.uuid4().hex[:8]}" for kind in ("group", "member"))
    await owner.execute(
        f"CREATE ROLE {group} NOLOGIN; SELECT ops.{grant}('{group}');"
        f"CREATE ROLE {name} LOGIN PASSWORD 'x'; GRANT {group} TO {name}"
    )
    parts = urlsplit(world.url)
    netloc = f"{name}:x@{parts.netloc.rpartition('@')[2]}"
    session = await asyncpg.connect(urlunsplit(parts._replace(netloc=netloc)), password="x", user=name)
    try:
        yield session
    finally:
        await session.close()
        await owner.execute(f"DROP OWNED BY {group}; DROP ROLE {name}; DROP ROLE {group}")
        await owner.close()


FORBIDDEN = (
    "SELECT * FROM jobs",
    "SELECT * FROM procrastinate_jobs",
    "UPDATE jobs SET priority = 1",
    "UPDATE queues SET paused_at = now()",
    "UPDATE ops.failures SET message = 'x'",
    "DELETE FROM ops.failures",
    "DELETE FROM procrastinate_jobs",
    "SELECT procrastinate_cancel_job_v1(1, true, false)",
    "CREATE TABLE mine (x int)",
    "CREATE VIEW ops.mine AS SELECT 1",
    "SELECT ops.grant_read(current_user::regrole)",
)
OPERATIONS = (
    "SELECT ops.cancel('{job}')",
    "SELECT ops.requeue('{job}')",
    "SELECT ops.pause('render')",
    "SELECT ops.resume('render')",
)


async def test_a_reader_reads_the_views_and_can_do_nothing_else(world: World) -> None:
    """Neither a table below them nor a function that changes something."""
    job_id = await failed(world)
    async with member(world, "grant_read") as reader:
        for view in VIEWS:
            await reader.fetch(f"SELECT * FROM ops.{view}")
        assert await reader.fetchval("SELECT job_id FROM ops.failures") == job_id
        for statement in (*FORBIDDEN, *(one.format(job=job_id) for one in OPERATIONS)):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await reader.execute(statement)


async def test_an_operator_does_what_the_functions_do_and_nothing_else(world: World) -> None:
    """Without any right to the tables that they write; what the session's search path offers is not looked at."""
    job_id = await started(world)
    async with member(world, "grant_operate") as operator:
        await operator.execute("CREATE TEMPORARY TABLE jobs (id uuid, status text)")
        await operator.execute("SET search_path = pg_temp, public")
        for statement in OPERATIONS:
            await operator.execute(statement.format(job=job_id))
        await operator.execute("DROP TABLE pg_temp.jobs; RESET search_path")
        for statement in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await operator.execute(statement)
    assert (await world.look(job_id)).status is JobStatus.PENDING
    assert [state for _, state, _ in await world.events(job_id)] == ["PENDING", "STARTED", "CANCELLED", "PENDING"]

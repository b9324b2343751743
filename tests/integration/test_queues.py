"""Queues that are parts of one: who is handed what, what a pause holds, what jobs wait for; and forgotten jobs."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import TypeAlias

import asyncpg
import pytest

from reelwright.db.models import Project, new_id
from reelwright.db.ownership import confined
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import NotFound
from reelwright.jobs import lifecycle, living_workers, machine_to_blame, pausing, rescue, waiting
from tests.support.job_database import World
from tests.support.job_states import FAILED
from tests.support.pages_read import pages_read

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def worker_id(operator: Connection) -> int:
    found: int = await operator.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
    return found


async def fetched(connection: Connection, worker_id: int, *queues: str) -> str | None:
    """The job that a worker is handed which takes of these queues."""
    found: str | None = await connection.fetchval(
        "SELECT args->>'job_id' FROM procrastinate_fetch_job_v2($1, $2)", list(queues), worker_id
    )
    return found


async def all_fetched(connection: Connection, worker_id: int, *queues: str) -> set[str]:
    found = set()
    while (job_id := await fetched(connection, worker_id, *queues)) is not None:
        found.add(job_id)
    return found


@pytest.mark.parametrize(
    ("queues", "names"),
    [
        (["render"], {"light", "media", "older"}),
        (["light", "media", "render"], {"light", "media", "older"}),
        (["light"], {"light"}),
        (["media", "render"], {"media", "older"}),
        (["theirs"], set()),
    ],
)
async def test_a_worker_is_handed_what_it_takes(
    world: World, operator: Connection, worker_id: int, queues: list[str], names: set[str]
) -> None:
    """One of a release that knows `render` alone is handed all; what such a one has queued is handed with `media`."""
    jobs = {name: await world.job(queue=name) for name in ("light", "media")}
    jobs["older"] = await world.job()
    await operator.execute(
        "WITH older AS (UPDATE jobs SET queue = DEFAULT WHERE id = $1 RETURNING queue, queue_job_id)"
        " UPDATE procrastinate_jobs q SET queue_name = older.queue FROM older WHERE q.id = older.queue_job_id",
        jobs["older"],
    )
    assert await all_fetched(operator, worker_id, *queues) == {str(jobs[name]) for name in names}


async def test_a_job_comes_back_into_its_own_queue(world: World, operator: Connection) -> None:
    """Handed back, put back, failed, retried, lost, forgotten."""
    job_id = await world.job(queue="light")
    await world.do(lifecycle.hand_back, await world.claimed(job_id))
    claim = await world.claimed(job_id)
    await world.do(machine_to_blame.postpone, claim, FAILED, confirmed=True)
    await world.claimed(job_id)
    await world.expire(job_id)
    await world.do(rescue.rescue_lost_jobs)
    await world.do(lifecycle.cancel, job_id)
    await world.do(lifecycle.retry, job_id)
    queues = await operator.fetch("SELECT queue_name FROM procrastinate_jobs")
    assert Counter(row["queue_name"] for row in queues) == {"light": 5}
    await operator.execute("DELETE FROM procrastinate_jobs")
    await world.do(rescue.requeue_forgotten_jobs)
    assert (await world.look(job_id)).status is JobStatus.PENDING
    assert [row["queue_name"] for row in await operator.fetch("SELECT queue_name FROM procrastinate_jobs")] == ["light"]


async def test_light_jobs_of_the_busy_do_not_cost_others_their_turns(
    world: World, operator: Connection, worker_id: int
) -> None:
    """A project that has had far more than another has light jobs of its own taken meanwhile, by places that take no
    others: what the other is owed it gets all the same."""
    names: dict[uuid.UUID, str] = {}
    for name in ("busy", "owed"):
        project = Project(id=new_id(), name=name)
        names[project.id] = name
        async with world.sessions.begin() as session:
            session.add(project)
    busy, owed = names
    for project_id, queues in ((busy, {"media": 30, "light": 30}), (owed, {"media": 30})):
        for queue, jobs in queues.items():
            with confined(project_id):
                job_id = await world.job(queue=queue)
            await operator.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args)"
                " SELECT $1, 'reelwright.render', $2::jsonb FROM generate_series(2, $3::int)",
                *(queue, json.dumps({"job_id": str(job_id)}), jobs),
            )

    async def taken(*queues: str, lasting_s: float = 1) -> str:
        entry = await operator.fetchrow("SELECT * FROM procrastinate_fetch_job_v2($1, $2)", list(queues), worker_id)
        assert entry is not None
        await operator.execute(
            "UPDATE procrastinate_jobs SET taken_at = clock_timestamp() - $2 * interval '1 second' WHERE id = $1",
            *(entry["id"], lasting_s),
        )
        await operator.execute("SELECT procrastinate_finish_job_v1($1, 'succeeded', false)", entry["id"])
        return names[entry["project_id"]]

    while await taken("media", lasting_s=1) != "busy":
        pass
    await operator.execute("UPDATE queue_turns SET finish_tag = finish_tag + 1000 WHERE project_id = $1", busy)
    assert await taken("light") == "busy"
    order = [await taken("media") for _ in range(12)]
    assert order == ["owed"] * 12


async def test_a_part_is_paused_alone_or_with_the_whole(world: World, operator: Connection, worker_id: int) -> None:
    """By the API as by SQL: since when, by whom and why stay as they were with the first pause, and a part that was
    paused by itself outlasts the whole."""
    light, media = await world.job(queue="light"), await world.job(queue="media")
    every = ("light", "media", "render")
    paused = await world.do(pausing.pause, "light", "a new disk")
    assert (paused.name, paused.paused_by, paused.paused_why, paused.waiting) == ("light", "API", "a new disk", 1)
    again = await world.do(pausing.pause, "light", "another")
    assert (again.paused_at, again.paused_why) == (paused.paused_at, "a new disk")
    await operator.execute("SELECT ops.pause('render')")
    states = {state.name: state for state in await world.do(pausing.queues)}
    assert list(states) == ["render", "light", "media"]
    assert all(state.paused_at for state in states.values())
    assert states["media"].paused_by == await operator.fetchval("SELECT session_user")
    assert await all_fetched(operator, worker_id, *every) == set()
    reasons = await world.do(waiting.reasons, [await world.look(light), await world.look(media)])
    assert [reasons[job_id].code for job_id in (light, media)] == ["paused", "paused"]
    assert [reasons[job_id].detail for job_id in (light, media)] == [
        "the queue light is paused: a new disk",
        "the queue render is paused",
    ]
    assert await operator.fetchval("SELECT ops.resume('render')") == 2
    assert await all_fetched(operator, worker_id, *every) == {str(media)}
    resumed = await world.do(pausing.resume, "light")
    assert (resumed.paused_at, resumed.paused_why) == (None, None)
    assert (await world.do(pausing.resume, "light")).paused_at is None
    assert await all_fetched(operator, worker_id, *every) == {str(light)}
    for change in (pausing.pause, pausing.resume):
        arguments = ("medai", None) if change is pausing.pause else ("medai",)
        with pytest.raises(NotFound, match="there are render, light, media"):
            await world.do(change, *arguments)


async def test_a_job_whose_queue_nobody_takes_says_so(world: World, operator: Connection, worker_id: int) -> None:
    """Of a worker of an older release nobody knows it: it takes all. One that something keeps from work, and takes
    other queues, keeps nobody from this one."""
    light, media = await world.job(queue="light"), await world.job(queue="media")
    jobs = [await world.look(job_id) for job_id in (light, media)]
    assert await world.do(waiting.reasons, jobs) == {}
    await operator.execute("UPDATE procrastinate_workers SET name = 'w:1', queues = '{light}' WHERE id = $1", worker_id)
    reasons = await world.do(waiting.reasons, jobs)
    assert list(reasons) == [media]
    assert reasons[media].code == "worker"
    assert reasons[media].detail.endswith("takes jobs of the queue media: start one with WORKER_QUEUES=media")
    workers = await world.do(living_workers.workforce)
    assert workers.stands_still
    assert "none takes jobs of the queue media: start one with WORKER_QUEUES=media" in workers.remark
    stuck = await operator.fetch("SELECT job_id, reason FROM ops.stuck")
    assert [tuple(row) for row in stuck] == [(media, "no_worker")]
    other = await operator.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
    await operator.execute("UPDATE procrastinate_workers SET name = 'w:2', queues = '{media}' WHERE id = $1", other)
    await world.do(living_workers.report_hindrance, "w:1", "no_space", "the disk is full")
    reasons = await world.do(waiting.reasons, jobs)
    assert {job_id: reason.code for job_id, reason in reasons.items()} == {light: "no_space"}
    queues = await operator.fetch("SELECT queue, workers, code FROM ops.queue_workers ORDER BY queue")
    assert [tuple(row) for row in queues] == [("light", 1, "no_space"), ("media", 1, None), ("render", 0, None)]


@pytest.mark.parametrize("fate", ["todo ends", "doing ends", "gone", "all gone"])
async def test_whose_entry_ends_while_it_waits_is_noted_and_queued_again(
    world: World, operator: Connection, worker_id: int, fate: str
) -> None:
    """And nothing else is: not what has ended, nor what runs, nor what has another entry."""
    ended = await world.job()
    await world.publish(await world.claimed(ended), ended)
    runs = await world.job()
    await world.claimed(runs)
    other = await world.job()
    await world.do(lifecycle.hand_back, await world.claimed(other))
    await operator.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")
    kept = await operator.fetchval("SELECT queue_job_id FROM jobs WHERE id = $1", other)
    await operator.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id <> $1", kept)
    assert await operator.fetchval("SELECT count(*) FROM forgotten_jobs") == 0
    job_id = await world.job()
    entry = await operator.fetchval("SELECT queue_job_id FROM jobs WHERE id = $1", job_id)
    if fate == "doing ends":
        await operator.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = $1", entry)
    if fate.endswith("ends"):
        await operator.execute("UPDATE procrastinate_jobs SET status = 'aborted' WHERE id = $1", entry)
    elif fate == "gone":
        await operator.execute("DELETE FROM procrastinate_jobs WHERE id = $1", entry)
    else:
        await operator.execute("TRUNCATE procrastinate_jobs CASCADE")
    await world.do(rescue.requeue_forgotten_jobs)
    assert await operator.fetchval("SELECT count(*) FROM forgotten_jobs") == 0
    assert (await world.look(job_id)).queue_job_id != entry
    forgotten = {job_id, other} if fate == "all gone" else {job_id}
    todo = {uuid.UUID(whose) for _, status, whose in await world.entries() if status == "todo"}
    assert todo == forgotten
    await world.do(rescue.requeue_forgotten_jobs)
    assert len([one for one in await world.entries() if one[1] == "todo"]) == len(forgotten)


async def test_a_look_for_forgotten_jobs_reads_none_of_those_that_wait(world: World, operator: Connection) -> None:
    """With 100,000 of them, by Postgres' own count of pages, whatever the statistics say: those of the empty tables,
    and those of the full ones."""

    async def pages() -> int:
        async with world.sessions.begin() as session:
            return await pages_read(
                session, rescue.requeue_forgotten_jobs, "jobs", "procrastinate_jobs", "forgotten_jobs"
            )

    job_id = await world.job()
    for table in ("jobs", "procrastinate_jobs"):
        await operator.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    await operator.execute("SET session_replication_role = replica")  # what triggers write is not looked at here
    await operator.execute(
        "INSERT INTO jobs SELECT one.* FROM jobs j, generate_series(1, 100000) AS n, jsonb_populate_record("
        "j, jsonb_build_object('id', md5(n::text)::uuid, 'queue_job_id', 1000000 + n)) AS one WHERE j.id = $1",
        job_id,
    )
    await operator.execute(
        "INSERT INTO procrastinate_jobs (id, queue_name, task_name, args)"
        " SELECT queue_job_id, queue, 'x', jsonb_build_object('job_id', id) FROM jobs WHERE id <> $1",
        job_id,
    )
    await operator.execute("RESET session_replication_role")
    for statistics in (None, "ANALYZE jobs, procrastinate_jobs, forgotten_jobs"):
        if statistics:
            await operator.execute(statistics)
        assert await pages() < 100, statistics
    await operator.execute("DELETE FROM procrastinate_jobs WHERE args->>'job_id' = $1", str(job_id))
    assert 0 < await pages() < 500
    assert str(job_id) in {whose for _, _, whose in await world.entries()}

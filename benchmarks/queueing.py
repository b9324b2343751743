"""Queueing: how long until a worker has a job, whatever else waits, and what a project waits beside one that has queued
ten thousand jobs."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from pathlib import Path

import asyncpg

from benchmarks import clips
from benchmarks.report import Figure
from benchmarks.running import Running, running

JOBS = 200
QUEUED = 100_000
MANY, FEW = 10_000, 10
FETCHES = 200
ROUNDS = 3

_PARKED = (
    "INSERT INTO procrastinate_jobs (queue_name, task_name, project_id, scheduled_at)"
    " SELECT CASE WHEN n % 2 = 0 THEN 'parked' ELSE 'render' END, 'x', $2,"
    " CASE WHEN n % 2 = 1 THEN now() + interval '1 day' END FROM generate_series(1, $1) AS n"
)
"""Half of them are due in a queue that nobody serves, half are not due."""
_COPIES = """
WITH made AS (
    INSERT INTO jobs SELECT (jsonb_populate_record(j, jsonb_build_object(
        'id', gen_random_uuid(), 'project_id', $2::uuid, 'status', 'PENDING', 'progress', 0, 'attempt', 0,
        'queue_job_id', null, 'output_variant_id', null, 'outputs_progress', null, 'started_at', null,
        'finished_at', null, 'fingerprint', null, 'shared', false
    ))).* FROM jobs j, generate_series(1, $3) WHERE j.id = $1
    RETURNING id
), inputs AS (
    INSERT INTO job_inputs (job_id, file_id) SELECT made.id, i.file_id FROM made, job_inputs i WHERE i.job_id = $1
)
SELECT array_agg(id) FROM made
"""
_ENTRIES = """
WITH entries AS (
    INSERT INTO procrastinate_jobs (queue_name, task_name, args)
    SELECT 'render', 'reelwright.render', jsonb_build_object('job_id', id) FROM unnest($1::uuid[]) AS id
    RETURNING id, (args ->> 'job_id')::uuid AS job_id
)
UPDATE jobs j SET queue_job_id = e.id FROM entries e WHERE j.id = e.job_id
"""


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "tiny.mp4", size="160x90", duration_s=1)
    async with running(folder) as live:
        video = await live.service.upload(clip)
        await live.commits.final(live.service, await live.service.trim(video["id"], 0, 0.2))  # all is warm now
        idle_ms = await _picked_up_ms(live, video["id"])
        asked_ms = await _picked_up_ms(live, video["id"], asked=True)
        other = uuid.uuid4()
        await live.service.sql("INSERT INTO projects (id, name) VALUES ($1, 'other')", other)
        await live.service.sql(_PARKED, QUEUED, other)
        full_ms = await _picked_up_ms(live, video["id"])
        await live.service.sql("DELETE FROM procrastinate_jobs WHERE task_name = 'x'")
        fetches = await _fetches(live, other)
        await live.service.sql("DELETE FROM procrastinate_jobs WHERE task_name = 'x'")
        beside = await _ten_beside_many(live, video["id"], other)
    rise = statistics.median(full_ms) / statistics.median(idle_ms)
    return [
        Figure.median("pick-up, nothing else queued: commit of the 202 to commit of STARTED", idle_ms, "ms", limit=6),
        Figure("the same, 99 of 100", _ninety_nine(idle_ms), "ms", 20),
        Figure.median("pick-up, while its client asks for the job", asked_ms, "ms"),
        Figure.median(f"pick-up, {QUEUED} entries queued", full_ms, "ms"),
        Figure("the same, 99 of 100", _ninety_nine(full_ms), "ms", 20),
        Figure("median with them, to the one without", rise, "", 1.2),
        *fetches,
        beside,
    ]


def _ninety_nine(values: list[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


async def _picked_up_ms(live: Running, video_id: str, *, asked: bool = False) -> list[float]:
    """One job at a time; until a worker has it, nobody asks for anything, or its client does, for the job."""
    found = []
    for _ in range(JOBS):
        job_id = await live.service.trim(video_id, 0, 0.2)
        if not asked:
            await live.commits.begun(job_id)
        await live.commits.final(live.service, job_id)
        pending, started, *_ = await live.commits.of(job_id)
        found.append(1000 * (started - pending))
    return found


async def _ten_beside_many(live: Running, video_id: str, other: uuid.UUID) -> Figure:
    """FEW jobs alone, and beside MANY of another project that were there before."""

    async def few_s() -> float:
        began = time.perf_counter()
        ids = [await live.service.trim(video_id, 0, 0.2 + number / 100) for number in range(FEW)]
        for job_id in ids:
            await live.commits.final(live.service, job_id)
        return time.perf_counter() - began

    alone_s = statistics.median([await few_s() for _ in range(ROUNDS)])
    connection = await asyncpg.connect(live.service.settings.configured_database_url)
    async with connection.transaction():
        first_id = await connection.fetchval("SELECT id FROM jobs ORDER BY created_at LIMIT 1")
        await connection.execute(_ENTRIES, await connection.fetchval(_COPIES, first_id, other, MANY))
    await connection.close()
    await asyncio.sleep(5)  # the other one's jobs are at work, as ever
    beside_s = statistics.median([await few_s() for _ in range(ROUNDS)])
    note = f"{alone_s:.2f} s alone, {beside_s:.2f} s beside them; equal shares: twice as long, and a fifth more"
    return Figure(f"{FEW} jobs beside {MANY} of another project, to {FEW} alone", beside_s / alone_s, "", 2.4, note)


async def _fetches(live: Running, project: uuid.UUID) -> list[Figure]:
    """The database's part alone: what is handed out of a few entries that are due, and of many; by nobody's worker."""
    connection = await asyncpg.connect(live.service.settings.configured_database_url)
    try:
        await connection.execute("SET synchronous_commit = off")  # how fast the disk is, is not the question
        worker_id = await connection.fetchval("SELECT worker_id FROM procrastinate_register_worker_v1()")
        found = []
        for waiting in (2 * FETCHES, QUEUED):
            await connection.execute(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, project_id)"
                " SELECT 'nobody', 'x', $2 FROM generate_series(1, $1::int)",
                *(waiting, project),
            )
            taken_ms = []
            for _ in range(FETCHES):
                began = time.perf_counter()
                await connection.fetchrow("SELECT * FROM procrastinate_fetch_job_v2('{nobody}', $1)", worker_id)
                taken_ms.append(1000 * (time.perf_counter() - began))
            found.append(taken_ms)
    finally:
        await connection.close()
    few_ms, many_ms = found
    rise = statistics.median(many_ms) / statistics.median(few_ms)
    return [
        Figure.median(f"the fetch of an entry, {2 * FETCHES} due", few_ms, "ms"),
        Figure.median(f"the fetch of an entry, {QUEUED} due", many_ms, "ms"),
        Figure("the one to the other", rise, "", 1.2),
    ]

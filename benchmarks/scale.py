"""Scale: what lists, looks and the door take where very much is stored, beside a service that has what one of its
projects has and nothing else, and one that has next to nothing.

All three run at once, and are asked in turns by a key of one project. What others have must not be felt; what a project
itself has is counted, and that takes its time.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from benchmarks import clips
from benchmarks.report import Figure, ratios
from benchmarks.running import Running, running

PROJECTS, KEYS, VIDEOS, JOBS = 100, 10_000, 1_000_000, 100_000
FEW = 200
"""Videos and jobs of the small service: more than a page."""
ROUNDS, CALLS_A_ROUND = 15, 4
MOST_RISE = 1.2
FILLING_TIMEOUT_S = 900

_OF_LABELS = ("ix_videos_labels", "ix_videos_owned_labels")
_PROJECTS = "INSERT INTO projects (id, name) SELECT gen_random_uuid(), 'project ' || n FROM generate_series(1, $1) AS n"
_NUMBERED = "SELECT id, row_number() OVER (ORDER BY created_at, id) - 1 AS number FROM projects"
_KEYS = f"""
INSERT INTO api_keys SELECT (jsonb_populate_record(k, jsonb_build_object(
    'id', gen_random_uuid(), 'project_id', p.id, 'digest', '\\x' || encode(sha256(n::text::bytea), 'hex'), 'name', n
))).* FROM api_keys k, generate_series(1, $1) AS n JOIN ({_NUMBERED}) p ON p.number = n % $2 WHERE k.name = 'usual'
"""
_VIDEOS = f"""
INSERT INTO videos SELECT (jsonb_populate_record(v, jsonb_build_object(
    'id', gen_random_uuid(), 'project_id', p.id, 'upload_time', v.upload_time - n * interval '30 seconds',
    'labels', jsonb_build_object('tags', jsonb_build_array('all', 'rare' || n / $2 % 1000), 'external_id', 'e' || n)
))).* FROM videos v, generate_series(1, $1) AS n JOIN ({_NUMBERED}) p ON p.number = n % $2 WHERE v.id = $3
"""
_JOBS = f"""
INSERT INTO jobs SELECT (jsonb_populate_record(j, jsonb_build_object(
    'id', gen_random_uuid(), 'project_id', p.id, 'created_at', j.created_at - n * interval '5 minutes',
    'finished_at', j.finished_at - n * interval '5 minutes',
    'queue_job_id', NULL, 'fingerprint', NULL, 'output_variant_id', NULL
))).* FROM jobs j, generate_series(1, $1) AS n JOIN ({_NUMBERED}) p ON p.number = n % $2 WHERE j.id = $3
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One service, with what is asked of it by name."""

    client: httpx.AsyncClient
    paths: dict[str, str]


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "tiny.mp4", size="160x90", duration_s=1)
    async with (
        running(folder / "small", AUTH="keys") as small,
        running(folder / "alone", AUTH="keys") as lone,
        running(folder / "large", AUTH="keys") as large,
    ):
        few = await _filled(small, clip, projects=1, keys=1, videos=FEW, jobs=FEW)
        alone = await _filled(
            lone, clip, projects=1, keys=KEYS // PROJECTS, videos=VIDEOS // PROJECTS, jobs=JOBS // PROJECTS
        )
        began = time.perf_counter()
        many = await _filled(large, clip, projects=PROJECTS, keys=KEYS, videos=VIDEOS, jobs=JOBS)
        filled_s = time.perf_counter() - began
        figures = [Figure("filling the largest", filled_s, "s")]
        for name in few.paths:
            figures += await _compared(name, few, alone, many)
    return figures


async def _filled(live: Running, clip: Path, *, projects: int, keys: int, videos: int, jobs: int) -> Side:
    """Have so many of each there, evenly of all projects, and return a side whose client has a usual key."""
    client = live.service.client
    live.service.use_first_key()
    made = (await client.post("/keys", json={"name": "usual", "scopes": ["read", "write"]})).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {made['key']}"
    video = await live.service.upload(clip)
    job_id = await live.service.trim(video["id"], 0, 0.2)
    job = await live.commits.final(live.service, job_id)
    connection = await asyncpg.connect(live.service.settings.configured_database_url)
    try:
        await connection.execute("SET session_replication_role = replica")  # what triggers write is not looked at here
        await connection.execute(_PROJECTS, projects - 1)
        await connection.execute(_KEYS, keys, projects)
        # an index of labels is built much sooner than it grows
        labels = [await connection.fetchval("SELECT pg_get_indexdef($1::regclass)", name) for name in _OF_LABELS]
        await connection.execute(f"DROP INDEX {', '.join(_OF_LABELS)}")
        await connection.execute(_VIDEOS, videos, projects, uuid.UUID(video["id"]), timeout=FILLING_TIMEOUT_S)
        for index in labels:
            await connection.execute(index, timeout=FILLING_TIMEOUT_S)
        await connection.execute(_JOBS, jobs, projects, uuid.UUID(job_id))
        # as the server does by itself before long
        await connection.execute("VACUUM ANALYZE", timeout=FILLING_TIMEOUT_S)
    finally:
        await connection.close()
    page = (await client.get("/videos")).raise_for_status().json()
    for _ in range(min(FEW // len(page["items"]) - 1, 3)):
        page = (await client.get("/videos", params={"cursor": page["next_cursor"]})).raise_for_status().json()
    variant_id = job["outputs"][0]["variant_id"]
    paths = {
        "GET /videos": "/videos",
        "GET /videos?cursor=": f"/videos?cursor={page['next_cursor']}",
        "GET /videos?tag=, of all": "/videos?tag=all",
        "GET /videos?tag=, of one in a thousand": "/videos?tag=rare0",
        "GET /videos?external_id=": f"/videos?external_id=e{projects}",
        "GET /videos/{id}": f"/videos/{video['id']}",
        "GET /variants": "/variants",
        "GET /variants/{id}": f"/variants/{variant_id}",
        "GET /status/{id}": f"/status/{job_id}",
        "GET /jobs": "/jobs",
        "GET /jobs?status=": "/jobs?status=SUCCESS",
        "GET /jobs?video_id=": f"/jobs?video_id={video['id']}",
        "GET /jobs/{id}": f"/jobs/{job_id}",
        "GET /usage": "/usage",
    }
    return Side(client, paths)


async def _compared(name: str, *sides: Side) -> list[Figure]:
    """Of three sides, the smallest first."""
    taken_ms: list[list[float]] = [[] for _ in sides]
    for number in range(ROUNDS + 1):
        for at in range(len(sides)) if number % 2 else reversed(range(len(sides))):
            began = time.perf_counter()
            for _ in range(CALLS_A_ROUND):
                (await sides[at].client.get(sides[at].paths[name])).raise_for_status()
            if number:  # the first round warms
                taken_ms[at].append(1000 * (time.perf_counter() - began) / CALLS_A_ROUND)
    few_ms, alone_ms, many_ms = taken_ms
    return [
        Figure.median(f"{name}, next to nothing stored", few_ms, "ms"),
        Figure.median("  the project's own, to that", ratios(alone_ms, few_ms), ""),
        Figure.median("  beside all others', to the project's own", ratios(many_ms, alone_ms), "", limit=MOST_RISE),
    ]

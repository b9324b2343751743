"""A project's log: without gaps and in order though transactions commit in any, for all who ask, wait and follow."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from reelwright.events import event_log
from reelwright.settings import Settings
from tests.acceptance.test_keys import bearer, guarded, made
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, problem


async def messages(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line[6:])


async def test_consumers_see_every_event_once_and_in_order(service: Service, server_url: str) -> None:
    """Sixteen writers commit and roll back as they like, one holds its transaction open for long; meanwhile one client
    polls, one waits, one follows; the API is killed and started again, and the database lets nobody in for a moment."""
    name = urlsplit(service.settings.database_url).path.removeprefix("/")
    stop = asyncio.Event()
    written = 0

    async def write(seed: int) -> None:
        nonlocal written
        choice = random.Random(seed)
        connection: asyncpg.Connection[asyncpg.Record] | None = None
        while not stop.is_set():
            try:
                if connection is None or connection.is_closed():
                    connection = await asyncpg.connect(service.settings.database_url)
                turn = connection.transaction()
                await turn.start()
                # a job's row and its transition, as the program writes them: the number is given at the commit
                await connection.execute(
                    "WITH job AS (INSERT INTO jobs (id, type) VALUES (gen_random_uuid(), 'trim') RETURNING id)"
                    " INSERT INTO job_events (job_id, seq, attempt, type) SELECT id, 1, 1, 'FAILURE' FROM job"
                )
                await asyncio.sleep(choice.choice([0, 0, 0.01, 0.3]))
                if choice.random() < 0.2:
                    await turn.rollback()
                else:
                    await turn.commit()
                    written += 1
                await asyncio.sleep(0.05)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                await asyncio.sleep(0.1)
        if connection is not None:
            connection.terminate()

    seen: dict[str, list[int]] = {"polls": [], "waits": [], "follows": []}

    async def ask(who: str, wait: float) -> None:
        after = 0
        while True:
            with suppress(httpx.TransportError):
                answer = await service.client.get("/events", params={"after": after, "wait": wait, "limit": 7})
                if answer.status_code == 200:
                    seen[who] += [event["seq"] for event in answer.json()["items"]]
                    after = answer.json()["next_after"]
            await asyncio.sleep(0 if wait else 0.05)

    async def follow() -> None:
        headers = {"Last-Event-ID": "0"}
        while True:
            with suppress(httpx.TransportError):
                async with service.client.stream("GET", "/events/stream", headers=headers) as answer:
                    async for event in messages(answer):
                        seen["follows"].append(event["seq"])
                        headers["Last-Event-ID"] = str(event["seq"])
            await asyncio.sleep(0.05)

    consumers = [asyncio.create_task(one) for one in (ask("polls", 0), ask("waits", 20), follow())]
    writers = [asyncio.create_task(write(seed)) for seed in range(16)]
    try:
        while written < 60:
            await asyncio.sleep(0.05)
        service.api.process.kill()
        await service.api.process.wait()
        service.api = await service.start_api()
        elsewhere = await asyncpg.connect(server_url)
        await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await elsewhere.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await asyncio.sleep(0.5)
        await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await elsewhere.close()
        goal = written + 60
        while written < goal:
            await asyncio.sleep(0.05)
        stop.set()
        await asyncio.gather(*writers)
        (count,) = await service.sql("SELECT count(*) AS n, max(seq) AS last FROM events")
        assert count["n"] == count["last"] >= written
        async with asyncio.timeout(PATIENCE_S):
            while any(not got or got[-1] < count["last"] for got in seen.values()):
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        for task in (*consumers, *writers):
            task.cancel()
        await asyncio.gather(*consumers, *writers, return_exceptions=True)
    for who, got in seen.items():
        assert got == list(range(1, count["last"] + 1)), who


async def test_a_stream_tells_how_far_jobs_are_where_that_is_asked_for(service: Service) -> None:
    await service.sql(
        "INSERT INTO jobs (id, type, status, attempt, progress, lease_until)"
        " VALUES (gen_random_uuid(), 'trim', 'STARTED', 1, 42, now() + interval '1 hour')"
    )
    async with (
        asyncio.timeout(PATIENCE_S),
        service.client.stream("GET", "/events/stream", params={"progress": True}) as answer,
    ):
        told = await anext(messages(answer))
    assert (told["type"], told["data"]["status"], told["data"]["progress"]) == ("job.progress", "STARTED", 42)


async def test_the_log_is_a_projects_own_and_forgets(
    settings: Settings, tmp_path: Path, world: World, clip: Path
) -> None:
    """Another project has a log of its own; types are chosen; a wait ends with the first of them; what is not kept any
    more, and what never was, is told as gone; who begins without a number gets the oldest that is kept."""
    async with guarded(settings, tmp_path) as service:
        ours, theirs = [bearer(await made(service, name, project=name)) for name in ("ours", "theirs")]
        client = service.client
        waiting = asyncio.create_task(
            client.get("/events", params={"wait": 30, "type": ["video.deleted", "job.failed"]}, headers=ours)
        )
        files = {"file": ("clip.mp4", clip.read_bytes())}
        video = (await client.post("/videos/upload", headers=ours, files=files)).json()
        (await client.delete(f"/videos/{video['id']}", headers=ours)).raise_for_status()
        page = (await waiting).json()
        assert [(one["seq"], one["type"]) for one in page["items"]] == [(2, "video.deleted")]
        assert page["items"][0]["data"]["filename"] == "clip.mp4"
        assert (page["next_after"], page["last_seq"]) == (2, 2)
        assert (await client.get("/events", headers=theirs)).json() == {"items": [], "next_after": 0, "last_seq": 0}
        (project,) = await service.sql("SELECT project_id FROM events LIMIT 1")
        await service.sql("UPDATE events SET created_at = now() - interval '2 days' WHERE seq = 1")
        await world.do(event_log.prune, project["project_id"], timedelta(days=1))
        first = (await client.get("/events", headers=ours)).json()
        assert [one["seq"] for one in first["items"]] == [2]
        assert (await client.get("/events", params={"after": 1}, headers=ours)).status_code == 200
        await service.sql("UPDATE events SET created_at = now() - interval '2 days'")
        await world.do(event_log.prune, project["project_id"], timedelta(days=1))
        for after in (1, 3):
            for path in ("/events", "/events/stream"):
                problem(await client.get(path, params={"after": after}, headers=ours), 410, "events_gone")
        assert (await client.get("/events", params={"after": 2}, headers=ours)).json()["items"] == []

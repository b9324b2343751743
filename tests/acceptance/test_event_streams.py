"""Event streams while the database is away: none is cut, and who comes meanwhile is not turned away."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from tests.support.processes import PATIENCE_S
from tests.support.service import Service


async def next_progress(lines: Any) -> int:
    async for line in lines:
        if line.startswith("data: ") and (data := json.loads(line[6:]))["type"] == "progress":
            found: int = data["progress"]
            return found
    raise AssertionError("the stream ended")


async def test_streams_outlast_the_database(service: Service, server_url: str) -> None:
    """One that was open and one that is opened meanwhile both tell what comes afterwards; a status says 503."""
    job_id = str(
        (await service.sql("INSERT INTO jobs (id, type) VALUES (gen_random_uuid(), 'trim') RETURNING id"))[0]["id"]
    )
    address = f"/jobs/{job_id}/events"
    name = urlsplit(service.settings.database_url).path.removeprefix("/")
    elsewhere = await asyncpg.connect(server_url)
    try:
        async with service.client.stream("GET", address) as before:
            lines_before = before.aiter_lines()
            assert await next_progress(lines_before) == 0
            await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await elsewhere.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            while (answer := await service.client.get(f"/status/{job_id}")).status_code == 200:
                await asyncio.sleep(0.01)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            async with service.client.stream("GET", address, timeout=httpx.Timeout(30)) as meanwhile:
                assert meanwhile.status_code == 200
                lines_meanwhile = meanwhile.aiter_lines()
                assert (await anext(lines_meanwhile)).startswith("retry: ")
                await elsewhere.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
                await service.sql(
                    "WITH done AS (UPDATE jobs SET progress = 7 WHERE id = $1::uuid RETURNING id)"
                    " SELECT pg_notify('reelwright_jobs', id::text) FROM done",
                    job_id,
                )
                async with asyncio.timeout(PATIENCE_S):
                    while await next_progress(lines_meanwhile) != 7:
                        pass
                    while await next_progress(lines_before) != 7:
                        pass
    finally:
        await elsewhere.close()
    assert "Traceback" not in service.api.log.read_text()

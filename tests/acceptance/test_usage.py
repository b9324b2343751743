"""What projects use is counted once, whatever is killed; who has made as much as it may makes no more."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.acceptance.test_keys import bearer, guarded, made
from tests.support.job_database import World
from tests.support.service import Service, problem


@pytest.fixture
async def service(settings: Settings, tmp_path: Path) -> AsyncIterator[Service]:
    changed = msgspec.structs.replace(settings, lease_s=2.0, reap_interval_s=0.2)
    async with guarded(changed, tmp_path) as running:
        yield running


async def used(client: httpx.AsyncClient, **query: str) -> dict[str, dict[str, Any]]:
    """The totals by project."""
    answer = await client.get("/usage", params=query)
    assert answer.status_code == 200, answer.text
    return {item["project"]: item["total"] for item in answer.json()["items"]}


async def test_what_is_used_is_counted_by_project_and_day(service: Service, clip: Path) -> None:
    """Bytes as they come and go, minutes as they are made, workers' time also of attempts that came to nothing, jobs by
    how they ended; a key sees its own project, one for admins all; the same before and after it is added up."""
    admin = dict(service.client.headers)
    key = await made(service, "shop", project="shop")
    service.client.headers.update(bearer(key))
    video, size = await service.upload(clip), clip.stat().st_size
    second = await service.upload(clip)
    cancelled = await service.trim(video["id"], 0, 1)
    await service.client.post(f"/jobs/{cancelled}/cancel")
    dying = await service.start_worker(REELWRIGHT_FAULTS="claimed=kill")
    job = await service.trim(video["id"], 0, 2)
    await asyncio.wait_for(dying.process.wait(), 120)
    async with service.worker():
        done = await service.until(job, "SUCCESS")
        taken = await service.trim(video["id"], 0, 2)  # the result of an equal edit
        await service.until(taken, "SUCCESS")
    made_bytes = (await service.client.get(f"/variants/{done['output_variant_id']}")).json()["size_bytes"]
    assert (await service.client.delete(f"/videos/{second['id']}")).status_code == 204

    total = (await used(service.client))["shop"]
    assert total["received_bytes"] == 2 * size
    assert total["stored_bytes"] == total["most_stored_bytes"] == size + made_bytes
    assert total["made_minutes"] == pytest.approx(2 / 60, abs=0.002)
    assert (total["jobs_succeeded"], total["jobs_failed"], total["jobs_cancelled"]) == (2, 0, 1)
    assert total["work_s"] > 1.5  # the lease of the attempt that was killed, and the one after it
    events = await service.sql("SELECT count(*) AS ends FROM job_events WHERE type IN ('SUCCESS', 'CANCELLED')")
    assert events[0]["ends"] == 3

    assert set(await used(service.client)) == {"shop"}
    service.client.headers.update({"Authorization": admin["authorization"]})
    everybody = await used(service.client)
    assert everybody["shop"] == total
    assert everybody["default"]["stored_bytes"] == 0
    assert everybody["shop"]["sent_bytes"] == 0  # it is written down in a while, or when the API ends
    for ranged in ({}, {"Range": "bytes=0-99"}):
        await service.client.get(f"/videos/{video['id']}/download", headers={**ranged, **bearer(key)})
    await service.api.end()
    service.api = await service.start_api()
    total["sent_bytes"] = size + 100
    everybody = await used(service.client)
    assert everybody["shop"] == total
    await service.sql("SELECT roll_up_use(1000)")
    assert (await service.sql("SELECT count(*) AS entries FROM use_entries"))[0]["entries"] == 0
    assert await used(service.client) == everybody
    await service.sql("UPDATE daily_use SET day = day - 40")
    assert (await used(service.client))["shop"]["stored_bytes"] == total["stored_bytes"]  # of days before
    assert (await used(service.client))["shop"]["received_bytes"] == 0
    today = datetime.datetime.now(datetime.UTC).date()
    whole = await used(service.client, **{"from": str(today - datetime.timedelta(days=60)), "to": str(today)})
    assert whole["shop"] == total
    wrong = await service.client.get("/usage", params={"from": "2026-01-02", "to": "2026-01-01"})
    problem(wrong, 422, "invalid_input")


async def test_whoever_has_made_its_minutes_makes_no_more_until_the_next_day(service: Service, clip: Path) -> None:
    """New jobs and retries are refused, with the time when there will be minutes again; looking is not."""
    key = await made(service, "shop", project="shop")
    changed = await service.client.patch("/projects/shop", json={"limits": {"made_minutes_per_day": 1}})
    assert changed.json()["limits"]["made_minutes_per_day"] == 1
    await made(service, "another", project="shop", limits={"made_minutes_per_month": 100})
    service.client.headers.update(bearer(key))
    video = await service.upload(clip)
    job = await service.trim(video["id"], 0, 1)
    await service.client.post(f"/jobs/{job}/cancel")
    project = (await service.sql("SELECT id FROM projects WHERE name = 'shop'"))[0]["id"]
    await service.sql("INSERT INTO use_entries (project_id, made_s) VALUES ($1, 60)", project)
    body = {"video_id": video["id"], "start": 0, "end": 1}
    for refused in (
        await service.client.post("/trim", json=body),
        await service.client.post(f"/jobs/{job}/retry"),
    ):
        detail = str(problem(refused, 429, "rate_limited")["detail"])
        assert "1 of the 1 minutes that it may make in a day (made_minutes_per_day)" in detail
        assert 0 < int(refused.headers["retry-after"]) <= 24 * 3600
    limits = (await service.client.get("/limits")).json()["project"]
    assert limits["made_minutes_per_day"] == {"limit": 1, "used": 1}
    assert (await service.client.post("/trim", json=body, params={"validate_only": True})).status_code == 200
    await service.sql("UPDATE use_entries SET at = at - interval '1 day' WHERE made_s > 0")
    assert (await service.client.post("/trim", json=body)).status_code == 202


async def test_use_is_counted_with_a_transaction_or_not_at_all(world: World) -> None:
    """Sixty-four jobs end, sixteen at the same time, half of them in transactions that are rolled back; meanwhile it is
    added up."""
    places = asyncio.Semaphore(16)  # the pool has 20, of which those who add up take two

    async def end(number: int) -> None:
        async with places:
            await end_in_turn(number)

    async def end_in_turn(number: int) -> None:
        job_id = await world.job()
        async with world.sessions() as session:
            connection = await session.connection()
            await connection.exec_driver_sql(
                "INSERT INTO job_events (job_id, seq, attempt, type)"
                f" VALUES ('{job_id}', 2, 1, 'STARTED'), ('{job_id}', 3, 1, 'FAILURE')"
            )
            await (session.rollback if number % 2 else session.commit)()

    async def add_up() -> None:
        for _ in range(20):
            async with world.sessions.begin() as session:
                await (await session.connection()).exec_driver_sql("SELECT roll_up_use(3)")

    await asyncio.gather(*(end(number) for number in range(64)), add_up(), add_up())
    async with world.sessions() as session:
        counted = await (await session.connection()).exec_driver_sql(
            "SELECT sum(jobs_failed) FROM (SELECT jobs_failed FROM daily_use UNION ALL"
            " SELECT jobs_failed FROM use_entries) AS u"
        )
        assert counted.scalar_one() == 32

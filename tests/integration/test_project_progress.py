"""How far the jobs of a project are, told to those who follow its log and ask for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from sqlalchemy import text

from reelwright.api import project_event_feeds, project_progress
from reelwright.api.project_event_feeds import EventFeeds
from reelwright.db.ownership import DEFAULT_PROJECT_ID
from reelwright.jobs import lifecycle, reached_percent
from reelwright.jobs.notifier import JobNotifier
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S


@pytest.fixture
async def feeds(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EventFeeds]:
    monkeypatch.setattr(project_progress, "EVERY_S", 0.02)
    async with JobNotifier(world.url).running() as notifier:
        yield EventFeeds(world.sessions, notifier)


async def told(feeds: EventFeeds, *, progress: bool = True) -> AsyncGenerator[tuple[str, Any], None]:
    """Name and data of each message that is about a job."""
    stream = feeds.follow(DEFAULT_PROJECT_ID, 0, progress=progress)
    async with aclosing(stream), asyncio.timeout(PATIENCE_S):
        async for chunk in stream:
            for message in chunk.decode().strip().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in message.splitlines())
                data = json.loads(fields.get("data", "null"))
                if data and data["type"].startswith("job."):
                    assert (fields["event"] == "progress") is ("id" not in fields)
                    yield fields["event"], data


async def test_who_asks_is_told_how_far_jobs_are_in_between(world: World, feeds: EventFeeds) -> None:
    """Of a job that runs already at once, then whenever it has come further; after what befell it before, never after
    its end; without an id, by which a stream goes on. Nothing of it is in the log."""
    job_id = await world.job()
    claim = await world.claimed(job_id)
    seen: list[tuple[str, Any]] = []
    reached = iter((10, 55, 90))
    await world.do(reached_percent.report, claim, percent=next(reached), stage="render")
    async for name, data in told(feeds):
        kind = data["type"]
        seen.append((kind, data["data"].get("progress")))
        if kind == "job.cancelled":
            break
        if name == "progress":
            assert data["data"]["job_id"] == str(job_id)
            assert (data["data"]["status"], data["data"]["stage"]) == ("STARTED", "render")
            if (percent := next(reached, None)) is not None:
                await world.do(reached_percent.report, claim, percent=percent, stage="render")
            else:
                await world.do(lifecycle.cancel, job_id)
    assert seen == [
        ("job.started", None),
        ("job.progress", 10),
        ("job.progress", 55),
        ("job.progress", 90),
        ("job.cancelled", None),
    ]


async def test_who_does_not_ask_is_told_of_events_alone(world: World, feeds: EventFeeds) -> None:
    """Beside one who does. Another project's jobs are told of to neither."""
    other = await world.job()
    async with world.sessions.begin() as session:
        await session.execute(text("INSERT INTO projects (id, name) VALUES (:id, 'other')"), {"id": other})
        await session.execute(text("UPDATE jobs SET project_id = :id WHERE id = :id"), {"id": other})
    theirs, first, second = [await world.claimed(job_id) for job_id in (other, await world.job(), await world.job())]
    asking, plain = told(feeds), told(feeds, progress=False)
    kinds = [(await anext(asking))[1]["type"] for _ in range(2)]
    assert kinds == [(await anext(plain))[1]["type"] for _ in range(2)] == ["job.started"] * 2
    both = {(await anext(asking))[1]["data"]["job_id"] for _ in range(2)}
    assert both == {str(first.job_id), str(second.job_id)}
    for claim in (theirs, first):
        await world.do(reached_percent.report, claim, percent=30, stage="render")
    name, data = await anext(asking)
    assert (name, data["data"]["job_id"], data["data"]["progress"]) == ("progress", str(first.job_id), 30)
    await world.do(lifecycle.cancel, second.job_id)
    assert (await anext(plain))[1]["type"] == "job.cancelled"
    await asking.aclose()
    await plain.aclose()


async def test_a_log_is_told_whole_however_far_behind_a_client_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts, from the database where the feed remembers less, and whatever looks fail meanwhile; from where it was
    pruned to, for who was slow."""
    for name, value in (("READ_AT_ONCE", 2), ("REMEMBERED", 3), ("PAUSE_S", 0.01)):
        monkeypatch.setattr(project_event_feeds, name, value)
    failures: list[Exception] = []

    def failing() -> Any:
        if failures:
            raise failures.pop()
        return world.sessions()

    async def numbers(stream: AsyncGenerator[bytes, None], last: int) -> list[int]:
        found: list[int] = []
        async with asyncio.timeout(PATIENCE_S):
            while not found or found[-1] < last:
                text_of_part = (await anext(stream)).decode()
                found += [int(line[4:]) for line in text_of_part.splitlines() if line.startswith("id: ")]
        return found

    for _ in range(5):
        await world.job()
    async with JobNotifier(world.url).running() as notifier:
        feeds = EventFeeds(failing, notifier)  # type: ignore[arg-type]
        failures += [ConnectionResetError(), ZeroDivisionError(), ConnectionResetError()]
        async with aclosing(feeds.follow(DEFAULT_PROJECT_ID, 0)) as behind:
            last = (await numbers(behind, 5))[-1]
            assert last == 5
            failures += [ConnectionResetError(), ZeroDivisionError()]
            for _ in range(7):
                await world.job()
            assert await numbers(behind, 12) == [*range(6, 13)]
            failures.append(ConnectionResetError())
            async with aclosing(feeds.follow(DEFAULT_PROJECT_ID, 3)) as again:
                assert await numbers(again, 12) == [*range(4, 13)]
            waited = await feeds.wait(DEFAULT_PROJECT_ID, 1, [], PATIENCE_S)
            assert [event.seq for event in waited] == [2, 3]
            async with world.sessions.begin() as session:
                await session.execute(text("DELETE FROM events WHERE seq < 11"))
            async with aclosing(feeds.follow(DEFAULT_PROJECT_ID, 3)) as late:
                assert await numbers(late, 12) == [11, 12]
            async with world.sessions.begin() as session:
                await session.execute(text("DELETE FROM events"))
            async with aclosing(feeds.follow(DEFAULT_PROJECT_ID, 3)) as later:
                assert await numbers(later, 12) == [10, 11, 12]

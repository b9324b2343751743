"""One look at a job's row serves all who wait for it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from reelwright.access import key_format
from reelwright.access.key_lookup import Keyring
from reelwright.access.scopes import Scope
from reelwright.api.job_event_feeds import JobFeeds
from reelwright.db.ownership import confined
from reelwright.errors import NotFound
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.short_queries import ShortQueries
from reelwright.jobs.status_reader import StatusReader
from tests.support.job_database import World

FOLLOWERS = 40


@pytest.fixture
async def notifier(world: World) -> AsyncIterator[JobNotifier]:
    async with JobNotifier(world.url).running() as running:
        yield running


class Counted:
    """A session factory that counts the sessions it makes."""

    def __init__(self, sessions: Any) -> None:
        self.sessions = sessions
        self.made = 0

    def __call__(self) -> Any:
        self.made += 1
        return self.sessions()


async def started_job(world: World) -> uuid.UUID:
    job_id = uuid.uuid4()
    async with world.sessions.begin() as session:
        await session.execute(
            text(
                "INSERT INTO jobs (id, type, status, attempt, lease_until)"
                " VALUES (:id, 'trim', 'STARTED', 1, now() + interval '1 hour')"
            ),
            {"id": job_id},
        )
        for seq, status in ((1, "PENDING"), (2, "STARTED")):
            await session.execute(
                text("INSERT INTO job_events (job_id, seq, attempt, type) VALUES (:id, :seq, 1, :status)"),
                {"id": job_id, "seq": seq, "status": status},
            )
    return job_id


async def change(world: World, job_id: uuid.UUID, **columns: object) -> None:
    async with world.sessions.begin() as session:
        names = ", ".join(f"{name} = :{name}" for name in columns)
        await session.execute(text(f"UPDATE jobs SET {names} WHERE id = :id"), {"id": job_id, **columns})
        if "status" in columns:
            await session.execute(
                text("INSERT INTO job_events (job_id, seq, attempt, type) VALUES (:id, 3, 1, :status)"),
                {"id": job_id, "status": columns["status"]},
            )
        await session.execute(text("SELECT pg_notify('reelwright_jobs', CAST(:id AS text))"), {"id": str(job_id)})


async def test_all_followers_of_a_job_share_its_looks(world: World, notifier: JobNotifier) -> None:
    """Each hears everything, in order, and the database is asked once a change."""
    job_id = await started_job(world)
    counted = Counted(world.sessions)
    feeds = JobFeeds(counted, notifier, StatusReader(notifier, counted))  # type: ignore[arg-type]
    heard: list[list[str]] = [[] for _ in range(FOLLOWERS)]
    reached = asyncio.Condition()

    async def follow(number: int) -> None:
        async for message in feeds.follow(job_id, 1 if number else 0):
            heard[number] += [line for line in message.decode().split("\n") if line.startswith("data: ")]
            async with reached:
                reached.notify_all()

    async def all_have(count: int) -> None:
        async with asyncio.timeout(20), reached:
            await reached.wait_for(lambda: all(len(one) >= count for one in heard[1:]))

    followers = [asyncio.create_task(follow(number)) for number in range(FOLLOWERS)]
    await all_have(2)  # STARTED, 0 %
    for progress in range(1, 6):
        await change(world, job_id, progress=progress)
        await all_have(2 + progress)
    await change(world, job_id, progress=100, status="SUCCESS")
    await asyncio.wait_for(asyncio.gather(*followers), 20)
    assert '"PENDING"' in heard[0].pop(0)
    for messages in heard:
        assert messages == heard[1]
    assert [f'"progress":{progress},' in message for progress, message in zip(range(6), heard[1][1:7], strict=True)]
    assert '"progress":100,' in heard[1][-2]
    assert '"status":"SUCCESS"' in heard[1][-1]
    assert '"type":"state"' in heard[1][-1]
    assert counted.made <= 2 * 7, "a look for each change, and for a notification that came meanwhile"


async def test_a_feed_ends_with_its_last_follower(world: World, notifier: JobNotifier) -> None:
    """Nobody looks at what nobody follows."""
    job_id = await started_job(world)
    feeds = JobFeeds(world.sessions, notifier, StatusReader(notifier, world.sessions))
    stream = feeds.follow(job_id, 0)
    assert b"STARTED" in await anext(stream)
    reader = feeds._feeds[None, job_id].reader
    assert reader is not None
    await stream.aclose()
    await asyncio.wait([reader], timeout=5)
    assert reader.done()
    assert not feeds._feeds
    assert not notifier._subscribers


async def test_a_feed_outlasts_the_database_and_tells_of_faults(world: World, notifier: JobNotifier) -> None:
    """A look that fails for the database is away is tried again; any other failure reaches who follows, and who comes
    then is served anew."""
    job_id = await started_job(world)
    failures: list[Exception] = [ConnectionResetError(), ZeroDivisionError()]

    def failing() -> Any:
        if failures:
            raise failures.pop(0)
        return world.sessions()

    feeds = JobFeeds(failing, notifier, StatusReader(notifier, failing))  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        await anext(feeds.follow(job_id, 0))
    assert failures == []
    stream = feeds.follow(job_id, 0)
    assert b"STARTED" in await anext(stream)
    await stream.aclose()


async def test_those_who_poll_at_once_share_a_look(
    world: World, notifier: JobNotifier, operator: asyncpg.Connection[asyncpg.Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks while a look is under way is served by the next: it sees all that was committed before."""
    ids = [await started_job(world) for _ in range(3)]
    looks = 0
    fetch = notifier.fetch

    async def counted(*arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        return await fetch(*arguments)

    monkeypatch.setattr(notifier, "fetch", counted)
    statuses = StatusReader(notifier, world.sessions)
    found = await asyncio.gather(*(statuses.read(job_id) for job_id in ids * 50))
    assert [glance.id for glance in found] == ids * 50
    assert looks <= 2
    for progress in range(1, 20):
        early = asyncio.create_task(statuses.read(ids[0]))
        await asyncio.sleep(0)
        await operator.execute("UPDATE jobs SET progress = $2 WHERE id = $1", ids[0], progress)
        assert (await statuses.read(ids[0])).progress == progress
        await early
    with pytest.raises(NotFound):
        await statuses.read(uuid.uuid4())


async def test_a_connection_that_is_given_up_amid_a_query_is_away(notifier: JobNotifier) -> None:
    """Whatever the driver says then, of a connection that it has no more."""
    connection = notifier._connection

    class GivenUp:
        async def fetch(self, *_: object, timeout: float) -> None:
            notifier._connection = connection  # as when another one was made meanwhile
            raise AttributeError("'NoneType' object has no attribute 'get_settings'")

    notifier._connection = GivenUp()  # type: ignore[assignment]
    with pytest.raises(ConnectionError, match="was lost"):
        await notifier.fetch("SELECT 1")
    assert await notifier.fetch("SELECT 1")


async def test_pollers_are_served_while_the_connection_for_news_is_away(
    world: World, notifier: JobNotifier, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """By the pool; it comes back by itself."""
    job_id = await started_job(world)
    statuses = StatusReader(notifier, world.sessions)
    await operator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'reelwright-events'"
    )
    for _ in range(20):
        assert (await statuses.read(job_id)).id == job_id
    async with asyncio.timeout(10):
        await notifier.listening.wait()
    assert (await statuses.read(job_id)).id == job_id


async def test_the_pool_tells_what_the_connection_for_news_does(
    world: World, notifier: JobNotifier, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """The same of a key, and nothing of another project's jobs."""
    key, key_id, other = key_format.mint(), uuid.uuid4(), uuid.uuid4()
    await operator.execute("INSERT INTO projects (id, name) VALUES ($1, 'other')", other)
    await operator.execute(
        "INSERT INTO api_keys (id, project_id, name, hint, digest, scopes, expires_at)"
        " VALUES ($1, $2, 'a', 'rw_', $3, '{read}', now() + interval '1 day')",
        *(key_id, other, key_format.digest(key)),
    )
    job_id = await started_job(world)
    deaf = JobNotifier(world.url)  # as one is whose connection is away
    async with world.sessions() as session:
        engine = (await session.connection()).engine
    for each in (notifier, deaf):
        holder = await Keyring(world.sessions, ShortQueries(each, engine).fetch).holder(key)
        assert holder is not None
        assert (holder.key_id, holder.project_id, holder.scopes) == (key_id, other, frozenset({Scope.READ}))
        statuses = StatusReader(each, world.sessions)
        assert (await statuses.read(job_id)).id == job_id
        with confined(other), pytest.raises(NotFound):
            await statuses.read(job_id)

"""Webhooks that want to know how far jobs are: told now and then, the newest alone, never twice, never later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from sqlalchemy import text
from standardwebhooks import Webhook as Verifier

from reelwright.db.models import Webhook
from reelwright.events.signatures import new_secret
from reelwright.jobs import reached_percent
from reelwright.jobs.progress_webhooks import ProgressMessages
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.settings import Settings
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S
from tests.support.remote import Call, Remote, head

EVERY_S = 0.05


@asynccontextmanager
async def telling(world: World, settings: Settings, job_id: Any) -> AsyncIterator[None]:
    outbound = OutboundClient(OutboundRules.of(settings))
    messages = ProgressMessages(world.sessions, outbound, timeout_s=PATIENCE_S, every_s=EVERY_S)
    task = asyncio.create_task(messages.tell(job_id))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def endpoint(world: World, url: str, *events: str) -> str:
    """Made, with its secret."""
    secret = new_secret()
    async with world.sessions.begin() as session:
        session.add(Webhook(url=url, events=list(events), description="", secret=secret))
    return secret


async def test_whoever_chose_it_hears_the_newest(world: World, settings: Settings) -> None:
    """Signed, without a number, and only when there is news; whoever chose all or the events of jobs hears nothing; one
    that does not answer is told nothing more meanwhile. Nothing of it is stored, and nothing comes after the end."""
    arrived: asyncio.Queue[Call] = asyncio.Queue()
    others: list[str] = []
    answering = asyncio.Event()

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        if call.path != "/told":
            others.append(call.path)
        else:
            arrived.put_nowait(call)
            await answering.wait()
        writer.write(head(204))

    job_id = await world.job()
    claim = await world.claimed(job_id)

    async def reach(percent: float) -> None:
        await world.do(reached_percent.report, claim, percent=percent, stage="render")

    async with Remote(answer).running() as remote:
        secret = await endpoint(world, remote.url("/told"), "job.progress")
        await endpoint(world, remote.url("/all"), "all", "job.*")
        await reach(10)
        async with telling(world, settings, job_id):
            first = await _next(arrived)
            for percent in (20, 30, 40):
                await reach(percent)
                await asyncio.sleep(2 * EVERY_S)  # it is not told of these: it has not answered yet
            assert arrived.empty()
            answering.set()
            second = await _next(arrived)
            told = [Verifier(secret).verify(call.body, call.headers) for call in (first, second)]
            assert [one["data"]["progress"] for one in told] == [10, 40]
            assert [one["type"] for one in told] == ["job.progress"] * 2
            assert told[0]["data"]["job_id"] == str(job_id)
            assert "seq" not in told[0]
            assert first.headers["webhook-id"] == told[0]["id"] != told[1]["id"]
            answering.clear()
            await reach(50)
            await _next(arrived)
        assert await _sent(world) == 0
        assert others == []
        assert arrived.empty()


async def _next(arrived: asyncio.Queue[Call]) -> Call:
    async with asyncio.timeout(PATIENCE_S):
        return await arrived.get()


async def _sent(world: World) -> int:
    """How much of it is in the database."""
    async with world.sessions() as session:
        events = "SELECT count(*) FROM events WHERE type = 'job.progress'"
        deliveries = "SELECT count(*) FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id"
        own = f"{deliveries} WHERE w.events = '{{job.progress}}'"
        return int(await session.scalar(text(f"SELECT ({events}) + ({own})")) or 0)

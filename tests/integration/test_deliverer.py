"""What becomes of what endpoints answer while the database breaks off."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text

from reelwright.events import disabling
from reelwright.events.deliverer import Deliverer
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.settings import Settings
from tests.integration.test_progress_webhooks import endpoint
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S
from tests.support.remote import Call, Remote, head


async def test_an_endpoint_that_is_gone_is_disabled_once_the_database_is_back(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer is written down by then, and it is not asked again."""
    disable, tried = disabling.disable, 0

    async def broken_at_first(*arguments: Any) -> bool:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise ConnectionResetError("the connection broke")
        return await disable(*arguments)

    async def answer(call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(head(410))

    monkeypatch.setattr(disabling, "disable", broken_at_first)
    async with Remote(answer).running() as remote:
        await endpoint(world, remote.url("/hooks"), "job.started")
        await world.claimed(await world.job())
        client = OutboundClient(OutboundRules.of(settings))
        deliverer = Deliverer(world.sessions, client, asyncio.Event(), timeout_s=PATIENCE_S)
        delivering = asyncio.create_task(deliverer.run())
        async with asyncio.timeout(PATIENCE_S):
            while not (reason := await _reason(world)):
                await asyncio.sleep(0.05)
        delivering.cancel()
        with suppress(asyncio.CancelledError):
            await delivering
    assert (reason, tried, len(remote.calls)) == ("gone", 2, 1)


async def _reason(world: World) -> str | None:
    async with world.sessions() as session:
        reason: str | None = await session.scalar(text("SELECT disabled_reason FROM webhooks"))
        return reason

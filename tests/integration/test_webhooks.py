"""Endpoints: how many there may be, how they end, what is sent to them once more, how their answers are read."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from sqlalchemy import select, text

from reelwright.db.models import Delivery, Webhook
from reelwright.errors import Conflict, RemoteUnavailable
from reelwright.events import delivery_turns, disabling, replays, signing_secrets, webhook_request, webhooks
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.settings import Settings
from tests.support.job_database import World
from tests.support.remote import Answering, Call, Remote, head

URL = "https://shop.example/hooks"


async def states(world: World) -> list[str]:
    async with world.sessions() as session:
        return list(await session.scalars(select(Delivery.state).order_by(Delivery.event_seq)))


async def test_a_project_has_not_too_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of requests do not count: they are made where a job is."""
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 1)
    await world.do(webhooks.of_request, URL)
    await world.do(webhooks.create, URL, events=["all"], description="")
    with pytest.raises(Conflict, match="has 1 webhooks"):
        await world.do(webhooks.create, URL, events=["all"], description="")


async def test_one_that_a_client_disables_is_told_nothing_more(world: World) -> None:
    """What it has not taken counts as failed; enabled again, it is told what happens then, and may be told the rest
    once more as long as its event is kept."""
    webhook = await world.do(webhooks.create, URL, events=["all"], description="")
    await world.job()
    await world.do(webhooks.change, webhook.id, enabled=False)
    assert await states(world) == ["failed"]
    await world.job()
    assert await states(world) == ["failed"]
    with pytest.raises(Conflict):
        await world.do(replays.replay_range, webhook.id, after=0, until=None, types=[])
    await world.do(webhooks.change, webhook.id, enabled=True)
    await world.job()
    assert await states(world) == ["failed", "pending"]
    async with world.sessions.begin() as session:
        first = (await session.scalars(select(Delivery).order_by(Delivery.event_seq))).first()
        assert first is not None
        await session.execute(text("DELETE FROM events"))
    with pytest.raises(Conflict, match="not kept any more"):
        await world.do(replays.replay, webhook.id, first.id)
    (turn,) = await world.do(delivery_turns.take, 5, doubtful=5, timeout_s=1)
    assert turn.deliveries == ()  # its event is gone, too: nobody can tell of it
    assert await states(world) == ["failed", "failed"]


async def test_one_that_requests_name_is_tried_again_and_signed_for_by_the_project(world: World) -> None:
    """The next request may know that it is there again."""
    webhook_id: uuid.UUID = await world.do(webhooks.of_request, URL)
    async with world.sessions() as session:
        webhook = await session.get_one(Webhook, webhook_id)
    assert await world.do(disabling.disable, webhook, "gone")
    assert not await world.do(disabling.disable, webhook, "failing")  # nobody is told twice
    assert await world.do(webhooks.of_request, URL) == webhook_id
    async with world.sessions() as session:
        webhook = await session.get_one(Webhook, webhook_id)
    assert (webhook.disabled_at, webhook.disabled_reason) == (None, None)
    with pytest.raises(Conflict, match="project's secret"):
        await world.do(signing_secrets.rotate, webhook_id, overlap_s=0)
    with pytest.raises(Conflict, match="one by one"):
        await world.do(replays.replay_range, webhook_id, after=0, until=None, types=[])


@pytest.mark.parametrize(("status", "is_told"), [(200, True), (500, False)])
async def test_an_answer_that_breaks_off_has_said_enough_where_it_is_a_good_one(
    settings: Settings, status: int, is_told: bool
) -> None:
    """The status says that the message was taken; it is not sent twice."""

    async def breaking_off(_: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, Content_Length=100) + b"be\0gun")

    (reaction,) = await asyncio.gather(_sent(settings, breaking_off), return_exceptions=True)
    if is_told:
        assert reaction == webhook_request.Reaction(200, "be\ufffdgun", None)
    else:
        assert isinstance(reaction, RemoteUnavailable)


async def _sent(settings: Settings, answering: Answering) -> webhook_request.Reaction:
    client = OutboundClient(OutboundRules.of(settings))
    async with Remote(answering).running() as remote:
        return await webhook_request.send(
            client,
            remote.url("/hooks"),
            message_id="evt_1",
            body=b"{}",
            secrets=["whsec_c2VjcmV0"],
            timestamp_s=1,
            timeout_s=20,
        )

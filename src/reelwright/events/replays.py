"""Events sent once more because a client asks for it: one, or many of the log; and one to try an endpoint."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Delivery, EventRow, Webhook, new_id
from reelwright.errors import Conflict
from reelwright.events import deliveries, delivery_turns, event_log, webhooks
from reelwright.events.event import chosen

REPLAYED_AT_ONCE = 10_000


async def replay(session: AsyncSession, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> Delivery:
    """Send an event once more, under its own id. Raises NotFound, Conflict."""
    webhook = await _enabled(session, webhook_id)
    _, event, _ = await deliveries.find(session, webhook_id, delivery_id)
    if event is None:
        raise Conflict("the event is not kept any more")
    return (await _send_again(session, webhook, [event]))[0]


async def replay_range(
    session: AsyncSession, webhook_id: uuid.UUID, *, after: int, until: int | None, types: Collection[str]
) -> tuple[int, int | None]:
    """Send what the endpoint is told of once more, from a number of the log on. Returns how much, and where to go on
    where that was not all. Raises NotFound, Conflict."""
    webhook = await _enabled(session, webhook_id)
    if webhook.of_requests:
        raise Conflict("it hears of the jobs of requests: replay their deliveries one by one")
    wanted = chosen(webhook.events, types)
    query = select(EventRow).where(EventRow.project_id == webhook.project_id, EventRow.seq > after)
    query = query if until is None else query.where(EventRow.seq <= until)
    events = (
        await session.scalars(query.where(EventRow.type.in_(wanted)).order_by(EventRow.seq).limit(REPLAYED_AT_ONCE))
    ).all()
    await _send_again(session, webhook, events)
    return len(events), events[-1].seq if len(events) == REPLAYED_AT_ONCE else None


async def test(session: AsyncSession, webhook_id: uuid.UUID) -> Delivery:
    """Send an endpoint an event of its own. Raises NotFound, Conflict."""
    found = await webhooks.find(session, webhook_id)
    told = {"webhook_id": str(found.id), "url": found.url, "reason": None}
    seq = await event_log.record(session, found.project_id, "webhook.test", found.id, told)
    webhook = await _enabled(session, webhook_id)
    event = await session.get_one(EventRow, (found.project_id, seq))
    return (await _send_again(session, webhook, [event]))[0]


async def _enabled(session: AsyncSession, webhook_id: uuid.UUID) -> Webhook:
    webhook = await webhooks.find(session, webhook_id, lock=True)
    if webhook.disabled_at is not None:
        raise Conflict("the webhook is disabled: enable it first (PATCH, `enabled`)")
    return webhook


async def _send_again(session: AsyncSession, webhook: Webhook, events: Sequence[EventRow]) -> list[Delivery]:
    now = (await session.scalars(select(func.now()))).one()
    made = [
        Delivery(
            id=new_id(),
            webhook_id=webhook.id,
            project_id=webhook.project_id,
            event_seq=event.seq,
            event_id=event.id,
            subject_id=event.subject_id,
            state="pending",
            attempts=0,
            next_at=now,
            created_at=now,
        )
        for event in events
    ]
    session.add_all(made)
    if made:
        webhook.due_at, webhook.rests_until = now, None
        await session.flush()
        await session.execute(text("SELECT pg_notify(:channel, 'due')"), {"channel": delivery_turns.CHANNEL})
    return made

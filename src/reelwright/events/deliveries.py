"""Deliveries, as clients see them and for as long as they are kept: listed with what was answered, forgotten."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Delivery, DeliveryAttempt, EventRow, Webhook
from reelwright.errors import NotFound
from reelwright.events import webhooks

PRUNED_AT_ONCE = 10_000


async def page(
    session: AsyncSession, webhook_id: uuid.UUID, *, state: str | None, offset: int, limit: int
) -> tuple[Sequence[tuple[Delivery, EventRow | None]], int]:
    """Return some deliveries of an endpoint, the newest first, and how many there are. Raises NotFound."""
    await webhooks.find(session, webhook_id)
    conditions = [Delivery.webhook_id == webhook_id, *([Delivery.state == state] if state is not None else [])]
    total = await session.scalar(select(func.count()).select_from(Delivery).where(*conditions)) or 0
    ordered = (
        select(Delivery, EventRow)
        .join(
            EventRow, (EventRow.project_id == Delivery.project_id) & (EventRow.seq == Delivery.event_seq), isouter=True
        )
        .where(*conditions)
        .order_by(Delivery.created_at.desc(), Delivery.id.desc())
    )
    rows = (await session.execute(ordered.offset(offset).limit(limit))).all()
    return [(delivery, event) for delivery, event in rows], total


async def find(
    session: AsyncSession, webhook_id: uuid.UUID, delivery_id: uuid.UUID
) -> tuple[Delivery, EventRow | None, Sequence[DeliveryAttempt]]:
    """Return a delivery, its event where that is kept, and all its tries. Raises NotFound."""
    delivery = await session.scalar(
        select(Delivery).where(Delivery.id == delivery_id, Delivery.webhook_id == webhook_id)
    )
    if delivery is None:
        raise NotFound("no such delivery")
    event = await session.get(EventRow, (delivery.project_id, delivery.event_seq))
    tries = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id).order_by(DeliveryAttempt.number)
    return delivery, event, (await session.scalars(tries)).all()


async def prune(session: AsyncSession, project_id: uuid.UUID, keep: datetime.timedelta) -> None:
    """Forget a project's deliveries that ended longer ago, and endpoints that no request has named since."""
    old = (
        select(Delivery.id)
        .where(Delivery.project_id == project_id, Delivery.created_at < func.now() - keep, Delivery.state != "pending")
        .order_by(Delivery.created_at)
        .limit(PRUNED_AT_ONCE)
    )
    await session.execute(delete(Delivery).where(Delivery.id.in_(old)).execution_options(synchronize_session=False))
    told = select(Delivery.id).where(Delivery.webhook_id == Webhook.id).exists()
    await session.execute(
        delete(Webhook)
        .where(Webhook.project_id == project_id, Webhook.of_requests, Webhook.updated_at < func.now() - keep, ~told)
        .execution_options(synchronize_session=False)
    )

"""When an endpoint is told nothing more: it is gone, it fails for days, a client says so; and what becomes of it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Delivery, Webhook
from reelwright.events import event_log

GIVEN_UP_AFTER = datetime.timedelta(days=5)
"""An endpoint that has taken nothing for so long is disabled."""
DISABLED_BY_CLIENT = "by a client"


async def disable(session: AsyncSession, webhook: Webhook, reason: str) -> bool:
    """Tell an endpoint nothing more, and all others that this is so. Returns False where it was so before.

    The log first, then the endpoint's row, as all do that hold both."""
    if await session.scalar(select(Webhook.disabled_at).where(Webhook.id == webhook.id)) is not None:
        return False
    told = {"webhook_id": str(webhook.id), "url": webhook.url, "reason": reason}
    await event_log.record(session, webhook.project_id, "webhook.disabled", webhook.id, told)
    row = await session.scalar(select(Webhook).where(Webhook.id == webhook.id).with_for_update(key_share=True))
    if row is not None:
        await end(session, row, reason)
    return row is not None


async def failing_for_days(session: AsyncSession) -> Sequence[Webhook]:
    """Return endpoints that have taken nothing for so long that nobody seems to care."""
    failing = select(Webhook).where(Webhook.disabled_at.is_(None), Webhook.failing_since < func.now() - GIVEN_UP_AFTER)
    return (await session.scalars(failing)).all()


async def end(session: AsyncSession, row: Webhook, reason: str) -> None:
    """Send nothing more to an endpoint, whose row is locked: what it has not taken counts as failed."""
    row.disabled_at, row.disabled_reason, row.due_at = func.now(), reason, None
    await session.execute(
        update(Delivery)
        .where(Delivery.webhook_id == row.id, Delivery.state == "pending")
        .values(state="failed", ended_at=func.now())
        .execution_options(synchronize_session=False)
    )


def enable(row: Webhook) -> None:
    """Tell an endpoint of what comes again."""
    row.disabled_at = row.disabled_reason = row.failing_since = row.rests_until = None
    row.failures = 0

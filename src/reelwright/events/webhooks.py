"""Endpoints that are told of events: made, found, changed, deleted.

Each endpoint has its own secret. Those that requests name as `webhook_url` share the project's, so that a client has it
before the first message comes.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Webhook, new_id
from reelwright.db.ownership import project_of_new
from reelwright.errors import AddressRefused, Conflict, FieldError, InvalidInput, NotFound
from reelwright.events.disabling import DISABLED_BY_CLIENT, enable, end
from reelwright.events.signatures import new_secret
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.url import Target

MAX_WEBHOOKS = 10_000
OF_JOBS = ["job.*"]
"""What an endpoint of a request hears of."""


def checked_url(url: str, rules: OutboundRules, pointer: str) -> str:
    """Return the address. Raises InvalidInput where it is none that the service may connect to, as far as it says so
    itself: what its name leads to is looked at with each message."""
    try:
        target = Target.read(url)
        rules.require(target.host, target.port)
    except AddressRefused as error:
        raise InvalidInput([FieldError(pointer, error.detail, error.code)]) from error
    return url


async def create(session: AsyncSession, url: str, *, events: Sequence[str], description: str) -> Webhook:
    """Make an endpoint. Raises Conflict where the project has too many."""
    project_id = project_of_new()
    there = select(func.count()).select_from(Webhook).where(Webhook.project_id == project_id, ~Webhook.of_requests)
    if (await session.scalar(there) or 0) >= MAX_WEBHOOKS:
        raise Conflict(f"the project has {MAX_WEBHOOKS} webhooks: delete those that are not needed")
    row = Webhook(url=url, events=list(events), description=description, secret=new_secret())
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row


async def of_request(session: AsyncSession, url: str) -> uuid.UUID:
    """Return the endpoint for what a request names as `webhook_url`; one that was disabled is tried again."""
    known = select(Webhook).where(Webhook.project_id == project_of_new(), Webhook.url == url, Webhook.of_requests)
    row = await session.scalar(known)  # no lock where there is one: who commits an event waits for those
    if row is None:
        made = insert(Webhook).values(
            id=new_id(), project_id=project_of_new(), url=url, events=OF_JOBS, of_requests=True, description=""
        )
        await session.execute(made.on_conflict_do_nothing())
        row = (await session.scalars(known)).one()
    if row.disabled_at is not None:
        enable(row)
        await session.flush()
    return row.id


async def find(session: AsyncSession, webhook_id: uuid.UUID, *, lock: bool = False) -> Webhook:
    """Raises NotFound."""
    query = select(Webhook).where(Webhook.id == webhook_id)
    row = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if row is None:
        raise NotFound("no such webhook")
    return row


async def page(session: AsyncSession, *, offset: int, limit: int) -> tuple[Sequence[Webhook], int]:
    """Return some endpoints, the oldest first, and how many there are."""
    total = await session.scalar(select(func.count()).select_from(Webhook)) or 0
    ordered = select(Webhook).order_by(Webhook.created_at, Webhook.id).offset(offset).limit(limit)
    return (await session.scalars(ordered)).all(), total


async def change(session: AsyncSession, webhook_id: uuid.UUID, **changes: Any) -> Webhook:
    """Change `url`, `events`, `description`, `enabled`. Raises NotFound."""
    row = await find(session, webhook_id, lock=True)
    enabled = changes.pop("enabled", None)
    for name, value in changes.items():
        setattr(row, name, value)
    if enabled is True and row.disabled_at is not None:
        enable(row)
    elif enabled is False and row.disabled_at is None:
        await end(session, row, DISABLED_BY_CLIENT)
    row.updated_at = func.now()
    await session.flush()
    await session.refresh(row)
    return row


async def remove(session: AsyncSession, webhook_id: uuid.UUID) -> None:
    """Delete an endpoint with all that is known of its deliveries. Raises NotFound."""
    gone = await session.scalar(delete(Webhook).where(Webhook.id == webhook_id).returning(Webhook.id))
    if gone is None:
        raise NotFound("no such webhook")

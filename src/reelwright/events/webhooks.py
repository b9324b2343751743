"""Endpoints that are told of events: made, changed, ended, and their secrets.

Each endpoint has its own secret. Those that requests name as `webhook_url` share the project's, so that a client has it
before the first message comes.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Delivery, SigningSecret, Webhook, new_id
from reelwright.db.ownership import project_of_new
from reelwright.errors import AddressRefused, Conflict, FieldError, InvalidInput, NotFound
from reelwright.events.signatures import new_secret
from reelwright.outbound.rules import OutboundRules
from reelwright.outbound.url import Target

MAX_WEBHOOKS = 10_000
OF_JOBS = ["job.*"]
"""What an endpoint of a request hears of."""
DISABLED_BY_CLIENT = "by a client"


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as it is told. `previous_until`: until when the one before is good as well."""

    secret: str
    previous_until: datetime.datetime | None = None


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
        _enable(row)
        await session.flush()
    return row.id


def _enable(row: Webhook) -> None:
    row.disabled_at = row.disabled_reason = row.failing_since = row.rests_until = None
    row.failures = 0


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
        _enable(row)
    elif enabled is False and row.disabled_at is None:
        await end(session, row, DISABLED_BY_CLIENT)
    row.updated_at = func.now()
    await session.flush()
    await session.refresh(row)
    return row


async def end(session: AsyncSession, row: Webhook, reason: str) -> None:
    """Send nothing more to an endpoint, whose row is locked: what it has not taken counts as failed."""
    row.disabled_at, row.disabled_reason, row.due_at = func.now(), reason, None
    await session.execute(
        update(Delivery)
        .where(Delivery.webhook_id == row.id, Delivery.state == "pending")
        .values(state="failed", ended_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def remove(session: AsyncSession, webhook_id: uuid.UUID) -> None:
    """Delete an endpoint with all that is known of its deliveries. Raises NotFound."""
    gone = await session.scalar(delete(Webhook).where(Webhook.id == webhook_id).returning(Webhook.id))
    if gone is None:
        raise NotFound("no such webhook")


async def rotate(session: AsyncSession, webhook_id: uuid.UUID, *, overlap_s: int) -> Secret:
    """Give an endpoint another secret; for `overlap_s` messages are signed with the old one, too. Raises NotFound."""
    row = await find(session, webhook_id, lock=True)
    if row.of_requests:
        raise Conflict("its messages are signed with the project's secret: POST /webhooks/signing-secret/rotate")
    return await _rotated(session, row, overlap_s)


async def _rotated(session: AsyncSession, row: Webhook | SigningSecret, overlap_s: int) -> Secret:
    until = (await session.scalars(select(func.now() + datetime.timedelta(seconds=overlap_s)))).one()
    row.previous_secret, row.previous_until, row.secret = row.secret, until, new_secret()
    await session.flush()
    return Secret(row.secret, until)


async def signing_secret(session: AsyncSession) -> Secret:
    """Return the project's secret, which is made when it is first asked for."""
    row = await signing_secret_of(session, project_of_new())
    now = (await session.scalars(select(func.now()))).one()
    is_past = row.previous_until is None or row.previous_until <= now
    return Secret(row.secret, None if is_past else row.previous_until)


async def rotate_signing_secret(session: AsyncSession, *, overlap_s: int) -> Secret:
    row = await signing_secret_of(session, project_of_new())
    await session.refresh(row, with_for_update=True)
    return await _rotated(session, row, overlap_s)


async def signing_secret_of(session: AsyncSession, project_id: uuid.UUID) -> SigningSecret:
    """Return the row of a project's secret, which is made where there is none."""
    if (row := await session.get(SigningSecret, project_id)) is None:
        made = insert(SigningSecret).values(project_id=project_id, secret=new_secret())
        await session.execute(made.on_conflict_do_nothing())
        row = await session.get_one(SigningSecret, project_id)
    return row

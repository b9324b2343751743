"""Secrets by which messages to endpoints are signed: of an endpoint, or of a project; replaced, with some overlap."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import SigningSecret, Webhook
from reelwright.db.ownership import project_of_new
from reelwright.errors import Conflict
from reelwright.events import webhooks
from reelwright.events.signatures import new_secret


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret as it is told. `previous_until`: until when the one before is good as well."""

    secret: str
    previous_until: datetime.datetime | None = None


async def rotate(session: AsyncSession, webhook_id: uuid.UUID, *, overlap_s: int) -> Secret:
    """Give an endpoint another secret; for `overlap_s` messages are signed with the old one, too. Raises NotFound."""
    row = await webhooks.find(session, webhook_id, lock=True)
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


async def secrets_of(session: AsyncSession, webhook: Webhook) -> tuple[str, ...]:
    """Return those by which messages are signed now."""
    holder: Webhook | SigningSecret = webhook
    if webhook.of_requests:
        holder = await signing_secret_of(session, webhook.project_id)
    assert holder.secret is not None
    overlaps = holder.previous_until is not None and holder.previous_until > datetime.datetime.now(datetime.UTC)
    return (holder.secret, *([holder.previous_secret] if overlaps and holder.previous_secret else []))

"""Deliveries: taken by a worker an endpoint at a time, written down with what was answered.

A worker that takes an endpoint has it until it has written down what came of that, or its lease runs out; its token is
the fence. So an endpoint is told things in order, and one that hangs keeps nobody else waiting.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ARRAY,
    Integer,
    Interval,
    Select,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from reelwright.db.models import Delivery, DeliveryAttempt, EventRow, SigningSecret, Webhook, new_id
from reelwright.events import log, webhooks

CHANNEL = "reelwright_webhooks"
"""NOTIFY channel: something is due."""
LEASE_MARGIN_S = 30
LOOKED_AT = 16
SENT_AT_ONCE = 8
"""To one endpoint, once it has taken something; to one that has not, or fails: one thing."""
PRUNED_AT_ONCE = 10_000
GIVEN_UP_AFTER = datetime.timedelta(days=5)
Outcome: TypeAlias = Literal[
    "delivered", "gone", "redirected", "busy", "refused", "failing", "unreachable", "stalled", "not_allowed"
]
"""Of a try: what the endpoint answered, or why it could not."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An endpoint in a worker's hands, and what it is told now."""

    webhook: Webhook
    token: uuid.UUID
    secrets: tuple[str, ...]
    deliveries: tuple[tuple[Delivery, EventRow], ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one try. `again_after_s`: None: it is delivered, or given up; `rests_for_s`: so long the endpoint is
    left in peace."""

    delivery: Delivery
    number: int
    at: datetime.datetime
    duration_s: float
    outcome: Outcome
    delivered: bool
    again_after_s: float | None = None
    rests_for_s: float | None = None
    status: int | None = None
    answer: str | None = None
    error: str | None = None


def _taking() -> ReturningUpdate[Webhook]:
    free = (
        select(Webhook.id)
        .where(
            Webhook.due_at <= func.now(),
            Webhook.disabled_at.is_(None),
            or_(Webhook.leased_until.is_(None), Webhook.leased_until < func.now()),
            or_(Webhook.rests_until.is_(None), Webhook.rests_until <= func.now()),
        )
        .order_by(Webhook.due_at)
        .with_for_update(skip_locked=True, key_share=True)
    )
    is_sound, is_tried = Webhook.failing_since.is_(None), Webhook.last_success_at.is_not(None)
    limit, doubtful = bindparam("limit", type_=Integer), bindparam("doubtful", type_=Integer)
    places = ((and_(is_sound, is_tried), limit), (and_(is_sound, ~is_tried), doubtful), (~is_sound, doubtful))
    chosen = [free.where(kind).limit(count).scalar_subquery() for kind, count in places]
    return (
        update(Webhook)
        .where(or_(*(Webhook.id.in_(of_kind) for of_kind in chosen)))
        .values(
            leased_until=func.now() + bindparam("lease", type_=Interval), lease_token=bindparam("token", type_=Uuid)
        )
        .returning(Webhook)
        .execution_options(synchronize_session=False)
    )


def _next_of_each() -> Select[Delivery, EventRow]:
    of_one = (
        select(Delivery)
        .where(Delivery.webhook_id == Webhook.id, Delivery.state == "pending", Delivery.next_at <= func.now())
        .order_by(Delivery.next_at, Delivery.event_seq)
        .limit(LOOKED_AT)
        .correlate(Webhook)
        .lateral()
    )
    due = aliased(Delivery, of_one)
    return (
        select(due, EventRow)
        .select_from(Webhook)
        .join(due, true())
        .join(EventRow, (EventRow.project_id == due.project_id) & (EventRow.seq == due.event_seq), isouter=True)
        .where(Webhook.id.in_(bindparam("ours", expanding=True)))
        .order_by(due.next_at, due.event_seq)
    )


# Made once: to make one takes longer than the database does.
_TAKE = _taking()
_DUE = _next_of_each()
_OURS = Webhook.id.in_(bindparam("ours", expanding=True)) & Webhook.lease_token.in_(bindparam("tokens", expanding=True))
_LOCK = (
    select(Webhook)
    .where(_OURS)
    .order_by(Webhook.id)
    .with_for_update(skip_locked=True, key_share=True)
    .execution_options(populate_existing=True)
)
_STILL_THERE = select(Webhook.id).where(_OURS)
_DUE_AGAIN = text(
    "UPDATE webhooks w SET due_at = CASE WHEN w.disabled_at IS NULL THEN ("
    " SELECT min(d.next_at) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending') END"
    " WHERE w.id = ANY(:ours)"
).bindparams(bindparam("ours", type_=ARRAY(Uuid)))
_END = text(
    "UPDATE webhook_deliveries SET attempts = :attempts, state = :state, ended_at = now()"
    " WHERE id = :delivery AND state = 'pending'"
).bindparams(bindparam("delivery", type_=Uuid))
_AGAIN = text(
    "UPDATE webhook_deliveries SET attempts = :attempts, next_at = now() + make_interval(secs => :again_after_s)"
    " WHERE id = :delivery AND state = 'pending'"
).bindparams(bindparam("delivery", type_=Uuid))
_BEHIND = text(
    "UPDATE webhook_deliveries SET next_at = now() + make_interval(secs => :again_after_s)"
    " WHERE webhook_id = :webhook AND subject_id = :subject AND state = 'pending' AND id <> :delivery"
).bindparams(*(bindparam(name, type_=Uuid) for name in ("delivery", "webhook", "subject")))


async def take(session: AsyncSession, limit: int, *, doubtful: int, timeout_s: float) -> list[Turn]:
    """Take up to `limit` endpoints that have something due and that nobody has, those that wait longest; up to
    `doubtful` that have never taken anything, and so many that fail: a crowd of them would keep the others waiting."""
    token, lease = new_id(), datetime.timedelta(seconds=timeout_s + LEASE_MARGIN_S)
    arguments = {"limit": limit, "doubtful": doubtful, "lease": lease, "token": token}
    taken = await session.scalars(_TAKE, arguments)
    if not (ours := {webhook.id: webhook for webhook in taken.all()}):
        return []
    due = await _due(session, ours)
    return [Turn(webhook, token, await secrets_of(session, webhook), due[webhook.id]) for webhook in ours.values()]


async def secrets_of(session: AsyncSession, webhook: Webhook) -> tuple[str, ...]:
    """Return those by which messages are signed now."""
    holder: Webhook | SigningSecret = webhook
    if webhook.of_requests:
        holder = await webhooks.signing_secret_of(session, webhook.project_id)
    assert holder.secret is not None
    overlaps = holder.previous_until is not None and holder.previous_until > datetime.datetime.now(datetime.UTC)
    return (holder.secret, *([holder.previous_secret] if overlaps and holder.previous_secret else []))


async def _due(
    session: AsyncSession, ours: Mapping[uuid.UUID, Webhook]
) -> dict[uuid.UUID, tuple[tuple[Delivery, EventRow], ...]]:
    """What each endpoint is told next: of each thing that events befell, the first."""
    chosen: dict[uuid.UUID, dict[uuid.UUID, tuple[Delivery, EventRow]]] = {one: {} for one in ours}
    for delivery, event in (await session.execute(_DUE, {"ours": list(ours)})).all():
        if event is None:  # it was pruned: nobody can tell it any more
            delivery.state, delivery.ended_at = "failed", func.now()
        else:
            chosen[delivery.webhook_id].setdefault(delivery.subject_id, (delivery, event))
    return {one: tuple(found.values())[: _at_once(ours[one])] for one, found in chosen.items()}


def _at_once(webhook: Webhook) -> int:
    is_good = webhook.failing_since is None and webhook.last_success_at is not None
    return SENT_AT_ONCE if is_good else 1


async def write(session: AsyncSession, results: Sequence[tuple[Turn, Sequence[Tried]]]) -> set[uuid.UUID]:
    """Write down what came of turns, and let go of their endpoints. Those that somebody holds just now are returned, to
    be written the next time: who waits here might be waited for."""
    ours = {turn.webhook.id: turn for turn, _ in results}
    arguments = {"ours": list(ours), "tokens": list({turn.token for turn, _ in results})}
    rows = {
        row.id: row for row in (await session.scalars(_LOCK, arguments)).all() if row.lease_token == ours[row.id].token
    }
    still_there = set(await session.scalars(_STILL_THERE, arguments))
    done = [result for turn, of_turn in results if turn.webhook.id in rows for result in of_turn]
    if done:
        await session.execute(insert(DeliveryAttempt), [_attempt(result) for result in done])
    for result in done:
        await _settle(session, result)
    for turn, of_turn in results:
        if (row := rows.get(turn.webhook.id)) is not None:
            _judge(row, of_turn)
            row.leased_until = row.lease_token = None
    await session.flush()
    await session.execute(_DUE_AGAIN, {"ours": list(rows)})
    return still_there - rows.keys()


def _attempt(result: Tried) -> dict[str, Any]:
    return {
        "delivery_id": result.delivery.id,
        "number": result.number,
        "at": result.at,
        "duration_ms": round(1000 * result.duration_s),
        "outcome": result.outcome,
        "status": result.status,
        "answer": result.answer,
        "error": result.error,
    }


async def _settle(session: AsyncSession, result: Tried) -> None:
    one = {"delivery": result.delivery.id, "attempts": result.number}
    if result.again_after_s is None:
        await session.execute(_END, {**one, "state": "delivered" if result.delivered else "failed"})
    else:
        await session.execute(_AGAIN, {**one, "again_after_s": result.again_after_s})
    if result.again_after_s is not None or result.number > 1:
        # what befell the same thing later waits with it, and no longer than it
        same = {"webhook": result.delivery.webhook_id, "subject": result.delivery.subject_id}
        behind = {"delivery": result.delivery.id, "again_after_s": result.again_after_s or 0.0, **same}
        await session.execute(_BEHIND, behind)


def _judge(row: Webhook, results: Sequence[Tried]) -> None:
    """What the endpoint is thought of now."""
    if not results:
        return
    if any(result.delivered for result in results):
        row.last_success_at, row.failing_since = func.now(), None
    elif row.failing_since is None:
        row.failing_since = func.now()
    rests = max((result.rests_for_s for result in results if result.rests_for_s is not None), default=None)
    row.failures = 0 if rests is None else row.failures + 1
    row.rests_until = None if rests is None else func.now() + datetime.timedelta(seconds=rests)


async def disable(session: AsyncSession, webhook: Webhook, reason: str) -> bool:
    """Tell an endpoint nothing more, and all others that this is so. Returns False where it was so before.

    The log first, then the endpoint's row, as all do that hold both."""
    if await session.scalar(select(Webhook.disabled_at).where(Webhook.id == webhook.id)) is not None:
        return False
    told = {"webhook_id": str(webhook.id), "url": webhook.url, "reason": reason}
    await log.record(session, webhook.project_id, "webhook.disabled", webhook.id, told)
    row = await session.scalar(select(Webhook).where(Webhook.id == webhook.id).with_for_update(key_share=True))
    if row is not None:
        await webhooks.end(session, row, reason)
    return row is not None


async def failing_for_days(session: AsyncSession) -> Sequence[Webhook]:
    """Return endpoints that have taken nothing for so long that nobody seems to care."""
    failing = select(Webhook).where(Webhook.disabled_at.is_(None), Webhook.failing_since < func.now() - GIVEN_UP_AFTER)
    return (await session.scalars(failing)).all()


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

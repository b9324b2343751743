"""Whose turn it is to be told something, and what: endpoints taken by a worker, and written down what came of that.

A worker that takes an endpoint has it until it has written down what came of that, or its lease runs out; its token is
the fence. So an endpoint is told things in order, and one that hangs keeps nobody else waiting.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Boolean,
    Double,
    Integer,
    Interval,
    Select,
    SmallInteger,
    Text,
    Uuid,
    and_,
    bindparam,
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

from reelwright.db.models import Delivery, DeliveryAttempt, EventRow, Webhook, new_id
from reelwright.events.outcomes import Outcome
from reelwright.events.signing_secrets import secrets_of

CHANNEL = "reelwright_webhooks"
"""NOTIFY channel: something is due."""
LEASE_MARGIN_S = 30
LOOKED_AT = 16
SENT_AT_ONCE = 8
"""To one endpoint, once it has taken something; to one that has not, or fails: one thing."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An endpoint in a worker's hands, and what it is told now."""

    webhook: Webhook
    token: uuid.UUID
    secrets: tuple[str, ...]
    deliveries: tuple[tuple[Delivery, EventRow], ...]

    @property
    def is_doubtful(self) -> bool:
        """Whether the endpoint has never taken anything, or fails."""
        return _is_doubtful(self.webhook)


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


class Written(NamedTuple):
    """`held`: endpoints of whose turns nothing is written yet; `more_due`: one of the others is to be told more now."""

    held: set[uuid.UUID]
    more_due: bool


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
_LOCK = text(
    "WITH ours AS (SELECT * FROM unnest(:ours, :tokens) AS o(id, token)), locked AS ("
    " SELECT w.id FROM webhooks w JOIN ours o ON o.id = w.id AND o.token = w.lease_token"
    " ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED"
    ") SELECT w.id, locked.id IS NOT NULL FROM webhooks w JOIN ours o ON o.id = w.id AND o.token = w.lease_token"
    " LEFT JOIN locked ON locked.id = w.id"
).bindparams(bindparam("ours", type_=ARRAY(Uuid)), bindparam("tokens", type_=ARRAY(Uuid)))
_SETTLE = text(
    "UPDATE webhook_deliveries d SET attempts = t.attempts, state = coalesce(t.ends, d.state),"
    " ended_at = CASE WHEN t.ends IS NOT NULL THEN now() END,"
    " next_at = coalesce(now() + make_interval(secs => t.again_after_s), d.next_at)"
    " FROM unnest(:deliveries, :attempts, :ends, :again_after_s) AS t(id, attempts, ends, again_after_s)"
    " WHERE d.id = t.id AND d.state = 'pending'"
).bindparams(
    bindparam("deliveries", type_=ARRAY(Uuid)),
    bindparam("attempts", type_=ARRAY(SmallInteger)),
    bindparam("ends", type_=ARRAY(Text)),
    bindparam("again_after_s", type_=ARRAY(Double)),
)
_BEHIND = text(
    "UPDATE webhook_deliveries d SET next_at = now() + make_interval(secs => t.again_after_s)"
    " FROM unnest(:deliveries, :webhooks, :subjects, :again_after_s) AS t(id, webhook_id, subject_id, again_after_s)"
    " WHERE d.webhook_id = t.webhook_id AND d.subject_id = t.subject_id AND d.state = 'pending' AND d.id <> t.id"
).bindparams(
    bindparam("deliveries", type_=ARRAY(Uuid)),
    bindparam("webhooks", type_=ARRAY(Uuid)),
    bindparam("subjects", type_=ARRAY(Uuid)),
    bindparam("again_after_s", type_=ARRAY(Double)),
)
_LET_GO = text(
    "UPDATE webhooks w SET leased_until = NULL, lease_token = NULL,"
    " last_success_at = CASE WHEN t.took THEN now() ELSE w.last_success_at END,"
    " failing_since = CASE WHEN t.took THEN NULL WHEN NOT t.took THEN coalesce(w.failing_since, now())"
    " ELSE w.failing_since END,"
    " failures = CASE WHEN t.took IS NULL THEN w.failures WHEN t.rests_for_s IS NULL THEN 0 ELSE w.failures + 1 END,"
    " rests_until = CASE WHEN t.took IS NULL THEN w.rests_until ELSE now() + make_interval(secs => t.rests_for_s) END,"
    " due_at = CASE WHEN w.disabled_at IS NULL THEN ("
    " SELECT min(d.next_at) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending') END"
    " FROM unnest(:ours, :took, :rests_for_s) AS t(id, took, rests_for_s) WHERE w.id = t.id"
    " RETURNING coalesce(w.due_at <= clock_timestamp() AND (w.rests_until <= now()) IS NOT FALSE, false)"
).bindparams(
    bindparam("ours", type_=ARRAY(Uuid)),
    bindparam("took", type_=ARRAY(Boolean)),
    bindparam("rests_for_s", type_=ARRAY(Double)),
)
"""`took`: whether the endpoint took what it was told; NULL: it was told nothing."""


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
    return 1 if _is_doubtful(webhook) else SENT_AT_ONCE


def _is_doubtful(webhook: Webhook) -> bool:
    return webhook.failing_since is not None or webhook.last_success_at is None


async def write(session: AsyncSession, results: Sequence[tuple[Turn, Sequence[Tried]]]) -> Written:
    """Write down what came of turns, and let go of their endpoints, by as many statements for many as for one. Those
    that somebody holds just now are left to be written the next time: who waits here might be waited for."""
    tokens = {turn.webhook.id: turn.token for turn, _ in results}
    found = await session.execute(_LOCK, {"ours": list(tokens), "tokens": list(tokens.values())})
    is_locked: dict[uuid.UUID, bool] = dict(found.all())
    ours = {turn.webhook.id: of_turn for turn, of_turn in results if is_locked.get(turn.webhook.id)}
    if done := [result for of_turn in ours.values() for result in of_turn]:
        await session.execute(insert(DeliveryAttempt), [_attempt(result) for result in done])
        await _settle(session, done)
    due: Iterable[bool] = await session.scalars(_LET_GO, _judged(ours)) if ours else ()
    return Written(is_locked.keys() - ours.keys(), any(due))


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


async def _settle(session: AsyncSession, done: Sequence[Tried]) -> None:
    ends = [("delivered" if one.delivered else "failed") if one.again_after_s is None else None for one in done]
    settled = {
        "deliveries": [one.delivery.id for one in done],
        "attempts": [one.number for one in done],
        "ends": ends,
        "again_after_s": [one.again_after_s for one in done],
    }
    await session.execute(_SETTLE, settled)
    # what befell the same thing later waits with it, and no longer than it
    if before := [one for one in done if one.again_after_s is not None or one.number > 1]:
        behind = {
            "deliveries": [one.delivery.id for one in before],
            "webhooks": [one.delivery.webhook_id for one in before],
            "subjects": [one.delivery.subject_id for one in before],
            "again_after_s": [one.again_after_s or 0.0 for one in before],
        }
        await session.execute(_BEHIND, behind)


def _judged(ours: Mapping[uuid.UUID, Sequence[Tried]]) -> dict[str, Any]:
    """What endpoints are thought of now, and how long each is left in peace."""
    rests = [
        max((result.rests_for_s for result in results if result.rests_for_s is not None), default=None)
        for results in ours.values()
    ]
    took = [any(result.delivered for result in results) if results else None for results in ours.values()]
    return {"ours": list(ours), "took": took, "rests_for_s": rests}

"""The JSON of webhooks and of what was sent to them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.schemas.base import Body, Page, Timestamp
from reelwright.db.models import Delivery, DeliveryAttempt, EventRow, Webhook
from reelwright.events.event import ALL, CATALOGUE, CHOICES, ID_PREFIX
from reelwright.events.signing_secrets import Secret

MAX_OVERLAP_S = 30 * 24 * 3600

EventChoice = Literal[CHOICES]  # type: ignore[valid-type]
EventType = Literal[tuple(name for name, row in CATALOGUE.items() if row.stored)]  # type: ignore[valid-type]

Address = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="Where it is: http(s), on the public internet or named by OUTBOUND_ALLOWED.",
    ),
]
Choices = Annotated[
    tuple[EventChoice, ...],
    Meta(
        min_length=1,
        max_length=len(CHOICES),
        description="What it is told: types of events, `job.*`, or `all`; `job.progress` is in none of these words.",
    ),
]
Description = Annotated[str, Meta(max_length=200, description="What people know it by.")]
Overlap = Annotated[
    int, Meta(ge=0, le=MAX_OVERLAP_S, description="So long messages bear a signature by the old one, too, seconds.")
]


class WebhookIn(Body, frozen=True, kw_only=True):
    """A new endpoint."""

    url: Address
    events: Choices = (ALL,)
    description: Description = ""


class WebhookPatch(Body, frozen=True, kw_only=True):
    """What is to be changed: a field that is left out stays as it is."""

    url: Address | UnsetType = UNSET
    events: Choices | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: Annotated[bool | UnsetType, Meta(description="Whether it is told anything.")] = UNSET


class SecretRotation(Body, frozen=True, kw_only=True):
    """How a secret is replaced."""

    overlap_s: Overlap = 24 * 3600


class ReplayIn(Body, frozen=True, kw_only=True):
    """Which events are sent once more: those of the log after a number, up to another."""

    after: Annotated[int, Meta(ge=0)]
    until: Annotated[int, Meta(ge=1)] | None = None
    types: Annotated[tuple[EventType, ...], Meta(description="These alone. Empty: all.")] = ()  # type: ignore[valid-type]


class WebhookOut(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint, without its secret."""

    id: uuid.UUID
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: Annotated[
        str | None, Meta(description="`gone`: it answered 410; `failing`: for five days; or by a client.")
    ]
    of_requests: Annotated[bool, Meta(description="Named as `webhook_url` by requests: it hears of their jobs alone.")]
    failing_since: Annotated[Timestamp | None, Meta(description="Since when it has taken nothing.")]
    last_success_at: Timestamp | None
    created_at: Timestamp

    @classmethod
    def of(cls, row: Webhook) -> WebhookOut:
        return cls(**_shown(row))


class WebhookMade(WebhookOut, frozen=True, kw_only=True):
    """An endpoint, as it is told once."""

    secret: Annotated[
        str, Meta(description="By which its messages are signed. It is told here and when it is replaced.")
    ]

    @classmethod
    def of(cls, row: Webhook) -> WebhookMade:
        return cls(**_shown(row), secret=row.secret or "")


class WebhookPage(Page[WebhookOut], frozen=True, kw_only=True):
    """One page of endpoints."""


class SecretOut(msgspec.Struct, frozen=True, kw_only=True):
    """By which messages are signed."""

    secret: str
    previous_until: Annotated[Timestamp | None, Meta(description="Until then the one before is used as well.")]

    @classmethod
    def of(cls, secret: Secret) -> SecretOut:
        return cls(secret=secret.secret, previous_until=secret.previous_until)


class AttemptOut(msgspec.Struct, frozen=True, kw_only=True):
    """A try."""

    number: int
    at: Timestamp
    duration_ms: int
    outcome: Annotated[
        str,
        Meta(
            description="`delivered` (2xx), `gone` (410), `redirected` (3xx), `busy` (429, 503), `refused` (4xx),"
            " `failing` (5xx), `unreachable`, `stalled`, `not_allowed`."
        ),
    ]
    status: Annotated[int | None, Meta(description="As it answered.")]
    answer: Annotated[str | None, Meta(description="The first 4096 bytes of what it said.")]
    error: Annotated[str | None, Meta(description="Why there is no answer.")]

    @classmethod
    def of(cls, row: DeliveryAttempt) -> AttemptOut:
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__})


class DeliveryOut(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way to an endpoint."""

    id: uuid.UUID
    webhook_id: uuid.UUID
    event_id: Annotated[str, Meta(description="As the header `webhook-id` has it; the same when it is replayed.")]
    event_seq: int
    event_type: Annotated[str | None, Meta(description="Null: the event is not kept any more.")]
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_at: Annotated[Timestamp | None, Meta(description="When it is tried again.")]
    created_at: Timestamp
    ended_at: Timestamp | None

    @classmethod
    def of(cls, row: Delivery, event: EventRow | None) -> DeliveryOut:
        return cls(**_delivery(row, event))


class DeliveryWhole(DeliveryOut, frozen=True, kw_only=True):
    """A delivery with all its tries."""

    tries: list[AttemptOut]

    @classmethod
    def whole(cls, row: Delivery, event: EventRow | None, tries: list[AttemptOut]) -> DeliveryWhole:
        return cls(**_delivery(row, event), tries=tries)


class DeliveryPage(Page[DeliveryOut], frozen=True, kw_only=True):
    """One page of deliveries."""


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """How many events are sent once more."""

    queued: int
    next_after: Annotated[int | None, Meta(description="Where to go on; null: that was all.")]


def _shown(row: Webhook) -> dict[str, Any]:
    same = ("id", "url", "description", "disabled_reason", "of_requests", "failing_since", "last_success_at")
    shown: dict[str, Any] = {name: getattr(row, name) for name in (*same, "created_at")}
    return {**shown, "events": list(row.events), "enabled": row.disabled_at is None}


def _delivery(row: Delivery, event: EventRow | None) -> dict[str, Any]:
    same = ("id", "webhook_id", "event_seq", "state", "attempts", "created_at", "ended_at")
    shown: dict[str, Any] = {name: getattr(row, name) for name in same}
    return {
        **shown,
        "event_id": f"{ID_PREFIX}{row.event_id.hex}",
        "event_type": None if event is None else event.type,
        "next_at": row.next_at if row.state == "pending" else None,
    }

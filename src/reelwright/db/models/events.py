"""What happened, and who is told of it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base, new_id
from reelwright.db.ownership import Owned


class EventLog(Base):
    """A project's log: its numbers are given under the lock of this row. See migrations/sql/event_log_0022.sql."""

    __tablename__ = "event_logs"

    project_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    pruned_seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """What has this number or a smaller one is not kept any more."""


class EventRow(Base):
    """Something that happened in a project, numbered in the order of commits."""

    __tablename__ = "events"

    project_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[uuid.UUID]
    type: Mapped[str]
    subject_id: Mapped[uuid.UUID]
    """The job or the video that it befell: of one thing, events arrive in order."""
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class Webhook(Owned, Base):
    """An endpoint that is told of events. Secrets are stored as they are: each message is signed with them."""

    __tablename__ = "webhooks"
    __table_args__ = (
        Index("ix_webhooks_project_id_created_at_id", "project_id", "created_at", "id"),
        Index(
            "uq_webhooks_project_id_url_of_requests",
            "project_id",
            "url",
            unique=True,
            postgresql_where=text("of_requests"),
        ),
        Index("ix_webhooks_due_at", "due_at", postgresql_where=text("due_at IS NOT NULL AND disabled_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    url: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    of_requests: Mapped[bool] = mapped_column(server_default=text("false"))
    """Named as `webhook_url` by requests: it hears of their jobs alone, signed with the project's secret."""
    secret: Mapped[str | None]
    previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime.datetime | None]
    disabled_at: Mapped[datetime.datetime | None]
    disabled_reason: Mapped[str | None]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    last_success_at: Mapped[datetime.datetime | None]
    failing_since: Mapped[datetime.datetime | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """How often in a row it could not be reached, or asked for rest."""
    rests_until: Mapped[datetime.datetime | None]
    due_at: Mapped[datetime.datetime | None]
    """When the next of its deliveries is due; None: it has none."""
    leased_until: Mapped[datetime.datetime | None]
    lease_token: Mapped[uuid.UUID | None]


class SigningSecret(Base):
    """By which a project's messages to `webhook_url` are signed."""

    __tablename__ = "signing_secrets"

    project_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    secret: Mapped[str]
    previous_secret: Mapped[str | None]
    previous_until: Mapped[datetime.datetime | None]


class Delivery(Owned, Base):
    """An event on its way to an endpoint."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state"),
        Index("ix_webhook_deliveries_webhook_id_created_at_id", "webhook_id", "created_at", "id"),
        Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_at",
            "event_seq",
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_webhook_deliveries_subject",
            "webhook_id",
            "subject_id",
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    webhook_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_seq: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[uuid.UUID]
    subject_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_at: Mapped[datetime.datetime]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime.datetime | None]


class DeliveryAttempt(Base):
    """What an endpoint answered, or why it could not."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime.datetime]
    duration_ms: Mapped[int]
    outcome: Mapped[str]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[str | None]
    """The beginning of what it said."""
    error: Mapped[str | None]

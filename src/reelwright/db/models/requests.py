"""What is kept of requests."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import Index, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base
from reelwright.db.ownership import DEFAULT_PROJECT_ID, Owned, project_of_new


class FirstAnswer(Owned, Base):
    """How a request with an Idempotency-Key was answered that made something. See access/idempotent_answers.py."""

    __tablename__ = "first_answers"
    __table_args__ = (Index("ix_first_answers_created_at", "created_at"),)

    project_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=project_of_new, server_default=text(f"'{DEFAULT_PROJECT_ID}'")
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    """Of what was asked."""
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[list[Any]]
    body: Mapped[bytes]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())

"""What projects use."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal

from sqlalchemy import BigInteger, Date, Identity, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base

_ZERO = text("0")


class _Sums:
    """What is counted."""

    received_bytes: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    sent_bytes: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    jobs_succeeded: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    jobs_failed: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    jobs_cancelled: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    made_s: Mapped[Decimal] = mapped_column(Numeric, server_default=_ZERO)
    work_s: Mapped[Decimal] = mapped_column(Numeric, server_default=_ZERO)
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """What there was then, of a day at its end; None: nothing came or went."""


class UseEntry(_Sums, Base):
    """What one transaction has used, until it is added up. Triggers write it: migrations/sql/daily_use_0025.sql."""

    __tablename__ = "use_entries"
    __table_args__ = (Index("ix_use_entries_project_id", "project_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    project_id: Mapped[uuid.UUID]
    at: Mapped[datetime.datetime] = mapped_column(server_default=func.clock_timestamp())


class DailyUse(_Sums, Base):
    """What a project has used in a day, by UTC, as far as it is added up."""

    __tablename__ = "daily_use"

    project_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    day: Mapped[datetime.date] = mapped_column(Date, primary_key=True)
    most_stored_bytes: Mapped[int | None] = mapped_column(BigInteger)

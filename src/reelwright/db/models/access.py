"""Whose things are, and by which keys they are reached."""

from __future__ import annotations

import datetime
import uuid

from sqlalchemy import (
    ARRAY,
    ForeignKey,
    Index,
    Text,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base, new_id


class Project(Base):
    """Whose things are: each belongs to one project, and keys of another do not see it."""

    __tablename__ = "projects"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    """A key that clients authorize themselves with. The key itself is not stored: see access/key_format.py."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_project_id_created_at", "project_id", "created_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    digest: Mapped[bytes] = mapped_column(unique=True)
    hint: Mapped[str]
    """Its first characters, by which people know it again."""
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime.datetime | None]
    revoked_at: Mapped[datetime.datetime | None]
    last_used_at: Mapped[datetime.datetime | None]

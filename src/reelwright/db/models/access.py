"""Whose things are, and by which keys they are reached."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base, index_of_projects, new_id
from reelwright.db.ownership import Owned


class Project(Base):
    """Whose things are: each belongs to one project, and keys of another do not see it."""

    __tablename__ = "projects"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Its own, as access/limits.py has them; what is not there is as the settings say."""
    keep: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """Its own rules, as access/keep_rules.py has them; the same."""
    queue_share: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    """Its weight where jobs of several projects wait: migrations/sql/queue_turns_0024.sql."""


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
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """As those of projects."""


class Usage(Base):
    """What a key or a project has used of its limits, and the lock of those who want more of them."""

    __tablename__ = "usages"

    subject_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    jobs_full_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    """When a minute's worth of new jobs will be there again."""


class UploadPlace(Base):
    """An upload under way, where a limit counts them; one whose process has died counts until `held_until`."""

    __tablename__ = "upload_places"
    __table_args__ = (Index("ix_upload_places_project_id", "project_id"), Index("ix_upload_places_key_id", "key_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    project_id: Mapped[uuid.UUID]
    key_id: Mapped[uuid.UUID]
    held_until: Mapped[datetime.datetime]


class ProjectBytes(Base):
    """What a project has stored; triggers of `files` count it, and it is the last thing that a transaction locks."""

    __tablename__ = "project_bytes"

    project_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    stored_bytes: Mapped[int] = mapped_column(BigInteger)


class Token(Owned, Base):
    """A right that a key handed on, for a while and one purpose (access/token_purposes.py). The token itself is not
    stored: access/token_format.py. Its row goes some time after it has expired."""

    __tablename__ = "tokens"
    __table_args__ = (
        index_of_projects("tokens", "created_at"),
        Index("ix_tokens_expires_at", "expires_at"),
        Index("ix_tokens_subject_id", "subject_id"),
        Index(
            "uq_tokens_addresses",
            *("key_id", "purpose", "subject_id", "expires_at"),
            unique=True,
            postgresql_where=text("purpose IN ('play', 'download') AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    key_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    """Of the key that made it, and with which it ends; NULL: nobody was asked for one."""
    purpose: Mapped[str]
    subject: Mapped[str | None]
    """What `subject_id` is the id of: video, variant, job, upload. NULL: an upload that has not begun."""
    subject_id: Mapped[uuid.UUID | None]
    max_bytes: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[bytes]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime.datetime]
    revoked_at: Mapped[datetime.datetime | None]
    used_at: Mapped[datetime.datetime | None]
    """When an upload took it; other tokens are used as often as one likes."""

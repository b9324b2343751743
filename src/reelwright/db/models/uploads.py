"""Uploads that come in several requests: how far each has come, who writes it, what became of it."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, Uuid, func, text
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base, Labelled, new_id
from reelwright.db.ownership import Owned

UNFINISHED = ("receiving", "whole")
"""States of uploads whose bytes are kept, in a folder of their own."""
STATES = (*UNFINISHED, "stored", "refused")


def _quoted(states: tuple[str, ...]) -> str:
    return ", ".join(f"'{state}'" for state in states)


class Upload(Labelled, Owned, Base):
    """One upload on its way to be a video. Its bytes lie in `incoming/<id>/`, in pieces (storage/upload_pieces.py)."""

    __tablename__ = "uploads"
    __table_args__ = (
        CheckConstraint(f"state IN ({_quoted(STATES)})", name="state"),
        Index(
            "ix_uploads_unfinished", "project_id", postgresql_where=text(f"state IN ({_quoted(UNFINISHED)})")
        ),  # how many a project has
        Index("ix_uploads_whole", "created_at", postgresql_where=text("state = 'whole' AND NOT is_part")),
        Index("ix_uploads_expires_at", "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    filename: Mapped[str]
    length_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """None: the client has not said yet."""
    client_metadata: Mapped[str]
    """As the client wrote it, to be told again."""
    is_part: Mapped[bool]
    """Of another upload, and no video of its own."""
    parts: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    """Uploads that it was put together of."""
    state: Mapped[str] = mapped_column(server_default="receiving")
    pieces: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    writer: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """The number of whoever came last to write or to examine it; it only rises. What an older one does is void."""
    writing: Mapped[str | None]
    """`plain` or `checked` while a writer is at work in the last of the pieces, or died there."""
    lease_until: Mapped[datetime.datetime | None]
    """So long whoever examines it is believed alive."""
    video_id: Mapped[uuid.UUID | None]
    """What it became."""
    problem: Mapped[dict[str, Any] | None]
    """Why it was refused: `status`, `code`, `detail`, `extra`."""
    keep_s: Mapped[int | None] = mapped_column(BigInteger)
    """So long the video is kept, from when it is there; None: for good."""
    key_id: Mapped[uuid.UUID | None]
    """With which it was begun: its limits hold when the video is stored. None: without one."""
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime.datetime]

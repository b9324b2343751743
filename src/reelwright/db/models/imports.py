"""Videos that are fetched from addresses: where from, and what of that is nobody else's business."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base
from reelwright.db.ownership import Owned


class Import(Owned, Base):
    """What a job of the type `import` fetches. `url` has no query."""

    __tablename__ = "imports"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str]
    has_secrets: Mapped[bool]
    filename: Mapped[str | None]
    """The client's name for it, else the one that the other side gave."""
    validator: Mapped[str | None]
    """Of the bytes that are there: by it the rest of the same is asked for."""
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Of the whole, as the other side says."""
    keep_s: Mapped[int | None] = mapped_column(BigInteger)
    """So long the video is kept, from when it is there; None: for good."""


class ImportSecrets(Base):
    """The query of the address and the headers that go with it, for as long as the job is unfinished: a trigger removes
    them with its end, and backups leave them out."""

    __tablename__ = "import_secrets"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("imports.job_id", ondelete="CASCADE"), primary_key=True)
    query: Mapped[str]
    headers: Mapped[dict[str, Any]]

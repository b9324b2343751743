"""What workers say of themselves, and the queues that they fetch from."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import (
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base


class SeenToolchain(Base):
    """What makes results on some worker: see jobs/toolchains.py."""

    __tablename__ = "toolchains"

    digest: Mapped[str] = mapped_column(primary_key=True)
    ffmpeg_version: Mapped[str]
    threads: Mapped[int]
    hardware: Mapped[str]
    release: Mapped[str]
    seen_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class Queue(Base):
    """A queue that workers fetch from; procrastinate's fetch passes over one that is paused. See ops.pause."""

    __tablename__ = "queues"

    name: Mapped[str] = mapped_column(primary_key=True)
    paused_at: Mapped[datetime.datetime | None]
    paused_by: Mapped[str | None]


class Hindrance(Base):
    """What keeps a worker from taking jobs now; there is none for a worker that can. See jobs/waiting.py."""

    __tablename__ = "hindrances"

    worker: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str]
    detail: Mapped[str]
    since: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class AbleWorker(Base):
    """What a worker can do, while it lives. See jobs/able_workers.py."""

    __tablename__ = "able_workers"

    worker: Mapped[str] = mapped_column(primary_key=True)
    capabilities: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())

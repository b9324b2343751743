"""What workers say of themselves, and the queues that they fetch from."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import (
    Index,
    func,
    text,
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
    """A queue that workers fetch from; procrastinate's fetch passes over one that is paused. See ops.pause and
    jobs/queues.py."""

    __tablename__ = "queues"

    name: Mapped[str] = mapped_column(primary_key=True)
    paused_at: Mapped[datetime.datetime | None]
    paused_by: Mapped[str | None]
    paused_why: Mapped[str | None]
    part_of: Mapped[str | None]
    """The queue with which it is paused as well, and taken by workers that ask for that alone."""


class QueueTurn(Base):
    """What a project has had of the workers, by which it is decided whose job is next: the tags of start-time fair
    queueing, in seconds by its share. Written by procrastinate's fetch alone: migrations/sql/queue_turns_0024.sql."""

    __tablename__ = "queue_turns"
    __table_args__ = (Index("ix_queue_turns_virtual_time", "virtual_time"),)

    project_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    finish_tag: Mapped[float]
    """Where its next job starts, unless the queue's virtual time is beyond that."""
    virtual_time: Mapped[float]
    """The queue's, when the project last had a turn; the latest of all is the queue's now."""
    usual_s: Mapped[float] = mapped_column(server_default=text("1"))
    """What its jobs cost lately: so much one is charged before anybody knows."""


class Hindrance(Base):
    """What keeps a worker from taking jobs now; there is none for a worker that can. See jobs/living_workers.py."""

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
    capacity: Mapped[dict[str, Any] | None]
    """What one job could have there (capacity/exceeds_machines.py); None: a worker of an older release."""
    slots: Mapped[int | None]
    """Jobs that it does at once; None: a worker of an older release."""
    seen_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())

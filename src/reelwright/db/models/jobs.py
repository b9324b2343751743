"""Jobs, and what belongs to one."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.orm import Mapped, defer, mapped_column, query_expression

from reelwright.db.models.base import Base, Labelled, index_of_projects, indexes_of_labels, new_id
from reelwright.db.ownership import Owned
from reelwright.edits.kinds_and_states import JobStatus, JobType

LEADING = text("shared AND reused_from_job_id IS NULL AND status IN ('PENDING', 'STARTED')")
"""Jobs whose encode equal ones may share: there is one of a fingerprint."""

UNFINISHED = text("status IN ('PENDING', 'STARTED')")


class Job(Labelled, Owned, Base):
    """One piece of long work. Only jobs/lifecycle.py writes its state."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_range"),
        CheckConstraint("(progress = 100) = (status = 'SUCCESS')", name="complete_means_success"),
        CheckConstraint("status <> 'STARTED' OR lease_until IS NOT NULL", name="started_has_lease"),
        Index("ix_jobs_status_created_at", "status", "created_at"),
        Index("ix_jobs_video_id_created_at", "video_id", "created_at"),
        Index("ix_jobs_created_at_id", "created_at", "id"),
        index_of_projects("jobs", "created_at"),
        Index("ix_jobs_project_id_finished_at", "project_id", "finished_at"),
        Index("ix_jobs_lease_until", "lease_until", postgresql_where=text("status = 'STARTED'")),
        Index("ix_jobs_finished_at", "finished_at"),
        Index(
            "ix_jobs_expires_at",
            "expires_at",
            postgresql_where=text("status = 'PENDING' AND started_at IS NULL AND expires_at IS NOT NULL"),
        ),
        *indexes_of_labels("jobs"),
        Index("uq_jobs_fingerprint_leading", "fingerprint", unique=True, postgresql_where=LEADING),
        Index(
            "ix_jobs_fingerprint_made",
            "fingerprint",
            "finished_at",
            postgresql_where=text("fingerprint IS NOT NULL AND status = 'SUCCESS'"),
        ),
        Index(
            "ix_jobs_reused_from_job_id",
            "reused_from_job_id",
            postgresql_where=text("reused_from_job_id IS NOT NULL"),
        ),
        Index(
            "ix_jobs_reused_from_job_id_unfinished",
            "reused_from_job_id",
            postgresql_where=text("reused_from_job_id IS NOT NULL AND status IN ('PENDING', 'STARTED')"),
        ),
        Index("ix_jobs_project_id_unfinished", "project_id", postgresql_where=UNFINISHED),
        Index(
            "ix_jobs_key_id_unfinished",
            "key_id",
            postgresql_where=text("status IN ('PENDING', 'STARTED') AND key_id IS NOT NULL"),
        ),
        Index("uq_jobs_claim_token", "claim_token", unique=True, postgresql_where=text("claim_token IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    video_id: Mapped[uuid.UUID | None]
    input_variant_id: Mapped[uuid.UUID | None]
    output_variant_id: Mapped[uuid.UUID | None]
    type: Mapped[JobType]
    status: Mapped[JobStatus] = mapped_column(server_default=JobStatus.PENDING.value)
    progress: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    outputs_progress: Mapped[list[Any] | None]
    stage: Mapped[str | None]
    error_message: Mapped[str | None]
    error: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    edit_json: Mapped[dict[str, Any] | None]
    plan_json: Mapped[dict[str, Any] | None]
    plan_digest: Mapped[str | None]
    fingerprint: Mapped[str | None]
    """What it makes: equal ones make the same. None: not known, or its results are not whole any more."""
    shared: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether equal jobs share one encode with it."""
    reused_from_job_id: Mapped[uuid.UUID | None]
    """The equal job that makes, or made, its result: while it is unfinished, it follows that one."""
    toolchain: Mapped[str | None]
    """By which its result was made."""
    recipe_json: Mapped[dict[str, Any] | None]
    forecast: Mapped[dict[str, Any] | None]
    """How long it was foretold to take, when it was asked for and again when it began (jobs/past_jobs.py). None: by an
    older release."""
    took: Mapped[dict[str, Any] | None]
    """What its stages took, and how far it was when, once it has succeeded."""
    looked_at: Mapped[datetime.datetime | None] = query_expression()
    """When it was read, by the database's clock, where a query asks for that."""
    speed: Mapped[float | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    claim_token: Mapped[uuid.UUID | None]
    """Of the newest claim; with the attempt that goes on for another job it wanders to that."""
    claim_attempt: Mapped[int | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    max_failures: Mapped[int] = mapped_column(server_default=text("3"))
    lease_until: Mapped[datetime.datetime | None]
    worker: Mapped[str | None]
    webhook_id: Mapped[uuid.UUID | None]
    """Of the request: it hears of this job, beside those of the project."""
    result_keep_s: Mapped[int | None] = mapped_column(BigInteger)
    """So long its results are kept, from when they are made; None: as long as their video."""
    queue: Mapped[str] = mapped_column(server_default="render")
    """Into which it is put, whenever it is: jobs/queue_choice.py. The default is what older releases know."""
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    run_at: Mapped[datetime.datetime | None]
    """It does not begin before."""
    expires_at: Mapped[datetime.datetime | None]
    """If it has not begun by then, it ends."""
    queue_job_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    key_id: Mapped[uuid.UUID | None]
    """With which it was asked for. None: without one."""
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime.datetime | None]
    finished_at: Mapped[datetime.datetime | None]
    updated_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


WITHOUT_EDIT_AND_PLAN = (defer(Job.edit_json, raiseload=True), defer(Job.plan_json, raiseload=True))
"""How to read jobs of which neither is asked: they may be megabytes."""


class JobWait(Base):
    """Why a job went back to the queue through no fault of its own, and how often in a row."""

    __tablename__ = "job_waits"
    __table_args__ = (
        Index("ix_job_waits_machine_since", "machine", "since", postgresql_where=text("need IS NOT NULL")),
    )

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str]
    detail: Mapped[str]
    needs_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """What an attempt that ran out of disk would have needed."""
    times: Mapped[int]
    since: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    machine: Mapped[str | None]
    """Where there was no room for it when it was last looked at."""
    need: Mapped[dict[str, Any] | None]
    """What it takes at its peak (capacity/need.py). None: it does not wait for room."""
    passed_over: Mapped[int] = mapped_column(server_default=text("0"))
    """How many others have begun there since."""


class ForgottenJob(Base):
    """A job whose entry of the queue has ended, or is gone, while it waited, as triggers there say: it may have another
    one by now. See jobs/rescue.py."""

    __tablename__ = "forgotten_jobs"

    job_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    noted_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class Reservation(Base):
    """Room on a disk or a machine that running work may still take. See capacity/reservations.py."""

    __tablename__ = "reservations"
    __table_args__ = (Index("ix_reservations_resource", "resource"),)

    holder: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """The claim of a job's attempt, or an upload of its own."""
    resource: Mapped[str] = mapped_column(primary_key=True)
    what: Mapped[str]
    job_id: Mapped[uuid.UUID | None]
    """For which it was made. The attempt may go on for another one that shares the encode: no foreign key."""
    amount: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """Of a disk: bytes that are written already."""
    until: Mapped[datetime.datetime]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class Publication(Base):
    """A folder of keys that an attempt is about to fill: while it holds its job, nothing in there is an orphan."""

    __tablename__ = "publications"
    __table_args__ = (Index("ix_publications_job_id", "job_id"),)

    folder: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int]


class JobInput(Base):
    """A file that a job reads: it cannot be deleted while the job is unfinished."""

    __tablename__ = "job_inputs"
    __table_args__ = (Index("ix_job_inputs_file_id", "file_id"),)

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)


class JobEvent(Base):
    """A transition of a job, numbered under the job row's lock. Progress is not an event."""

    __tablename__ = "job_events"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    type: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())

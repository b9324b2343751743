"""The tables as SQLAlchemy sees them. Migrations make them; a test holds both equal.

Invariants that the columns carry: `jobs.attempt` only rises, and with `jobs.claim_token` it fences what attempts write;
`jobs.failures` is the budget;
`files.key` is relative to the media root and may be shared, its bytes go with the last row; `jobs.queue_job_id` has no
foreign key (the queue prunes its own rows).
"""

from __future__ import annotations

import datetime
import enum
import uuid
from decimal import Decimal
from typing import Any

import uuid_utils.compat
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from reelwright.db.ownership import DEFAULT_PROJECT_ID, Owned, project_of_new
from reelwright.edits.enums import FileRole, JobStatus, JobType, OverlayType, Quality, VariantKind


def new_id() -> uuid.UUID:
    """Return a UUIDv7: rows made later sort later, so that indexes grow at one end."""
    made_id: uuid.UUID = uuid_utils.compat.uuid7()
    return made_id


def _postgres_enum(kind: type[enum.StrEnum], name: str) -> Enum:
    return Enum(kind, name=name, values_callable=lambda members: [member.value for member in members])


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        str: Text,
        datetime.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        VariantKind: _postgres_enum(VariantKind, "variant_kind"),
        Quality: _postgres_enum(Quality, "variant_quality"),
        JobType: _postgres_enum(JobType, "job_type"),
        JobStatus: _postgres_enum(JobStatus, "job_status"),
        OverlayType: _postgres_enum(OverlayType, "overlay_type"),
        FileRole: _postgres_enum(FileRole, "file_role"),
    }


def _index_of_labels(table: str) -> Index:
    """What rows contain, whatever it is (jsonb_path_ops); written at once, so that no search reads a list of what was
    not yet sorted in."""
    return Index(
        f"ix_{table}_labels",
        "labels",
        postgresql_using="gin",
        postgresql_ops={"labels": "jsonb_path_ops"},
        postgresql_with={"fastupdate": "off"},
    )


def _index_of_projects(table: str, time: str) -> Index:
    """A project's rows by time: its lists read no other's."""
    return Index(f"ix_{table}_project_id_{time}_id", "project_id", time, "id")


class Labelled:
    """What clients say of a thing of theirs: edits/labels.py."""

    labels: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"), sort_order=999)


class Video(Labelled, Owned, Base):
    """An upload, as it came."""

    __tablename__ = "videos"
    __table_args__ = (
        Index("ix_videos_upload_time_id", "upload_time", "id"),
        _index_of_projects("videos", "upload_time"),
        _index_of_labels("videos"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    original_filename: Mapped[str]
    stored_path: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_sec: Mapped[Decimal | None] = mapped_column(Numeric(10, 3))
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[str]
    mime_type: Mapped[str]
    sha256: Mapped[str]
    media_info: Mapped[dict[str, Any]]
    upload_time: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class Variant(Labelled, Owned, Base):
    """A result that was made of a video by a job."""

    __tablename__ = "video_variants"
    __table_args__ = (
        UniqueConstraint("job_id", "output_index"),
        Index("ix_video_variants_video_id", "video_id"),
        Index("ix_video_variants_source_variant_id", "source_variant_id"),
        Index("ix_video_variants_created_at_id", "created_at", "id"),
        _index_of_projects("video_variants", "created_at"),
        _index_of_labels("video_variants"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    job_id: Mapped[uuid.UUID | None]
    output_index: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    kind: Mapped[VariantKind]
    quality: Mapped[Quality | None]
    source_variant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("video_variants.id", ondelete="SET NULL"))
    stored_path: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    duration_sec: Mapped[Decimal | None] = mapped_column(Numeric(10, 3))
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    config_json: Mapped[dict[str, Any]]
    edit_json: Mapped[dict[str, Any]]
    media_info: Mapped[dict[str, Any]]
    checks: Mapped[dict[str, Any]]
    reused_from_variant_id: Mapped[uuid.UUID | None]
    """The variant with which it shares its bytes, which may be deleted by now."""


class Asset(Owned, Base):
    """A picture or a sound that edits may use, uploaded by a client. Pictures have a size, sounds `media_info`."""

    __tablename__ = "assets"
    __table_args__ = (Index("ix_assets_created_at_id", "created_at", "id"), _index_of_projects("assets", "created_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    sha256: Mapped[str]
    kind: Mapped[str]
    content_type: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    media_info: Mapped[dict[str, Any] | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class File(Owned, Base):
    """One stored file and its owner: exactly one of video, variant, asset."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("num_nonnulls(video_id, variant_id, asset_id) = 1", name="one_owner"),
        UniqueConstraint("video_id", "variant_id", "asset_id", "name", postgresql_nulls_not_distinct=True),
        Index("ix_files_key", "key"),
        Index("ix_files_variant_id", "variant_id"),
        Index("ix_files_asset_id", "asset_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    video_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    variant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("video_variants.id", ondelete="CASCADE"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"))
    role: Mapped[FileRole]
    name: Mapped[str]
    key: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    content_type: Mapped[str]


class Storage(Base):
    """A media root that belongs to this database; its folder holds the same id. See library/root_identity.py."""

    __tablename__ = "storages"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class Overlay(Base):
    """One overlay that a job burned in, as it was asked for."""

    __tablename__ = "overlays"
    __table_args__ = (
        Index("ix_overlays_video_id", "video_id"),
        Index("ix_overlays_variant_id", "variant_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    video_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("videos.id", ondelete="CASCADE"))
    variant_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("video_variants.id", ondelete="CASCADE"))
    type: Mapped[OverlayType]
    payload_json: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


LEADING = text("shared AND reused_from_job_id IS NULL AND status IN ('PENDING', 'STARTED')")
"""Jobs whose encode equal ones may share: there is one of a fingerprint."""


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
        _index_of_projects("jobs", "created_at"),
        Index("ix_jobs_lease_until", "lease_until", postgresql_where=text("status = 'STARTED'")),
        Index("ix_jobs_finished_at", "finished_at"),
        _index_of_labels("jobs"),
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
    speed: Mapped[float | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    claim_token: Mapped[uuid.UUID | None]
    """Of the newest claim; with the attempt that goes on for another job it wanders to that."""
    claim_attempt: Mapped[int | None]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    max_failures: Mapped[int] = mapped_column(server_default=text("3"))
    lease_until: Mapped[datetime.datetime | None]
    worker: Mapped[str | None]
    priority: Mapped[int] = mapped_column(server_default=text("0"))
    queue_job_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime.datetime | None]
    finished_at: Mapped[datetime.datetime | None]
    updated_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


class TemplateVersion(Owned, Base):
    """One version of an edit with variables in it. No job needs it: each holds the edit that was made of it."""

    __tablename__ = "templates"

    project_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=project_of_new, server_default=text(f"'{DEFAULT_PROJECT_ID}'")
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str] = mapped_column(server_default="")
    edit_json: Mapped[dict[str, Any]]
    variables_json: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


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


class JobWait(Base):
    """Why a job went back to the queue through no fault of its own, and how often in a row."""

    __tablename__ = "job_waits"

    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    code: Mapped[str]
    detail: Mapped[str]
    needs_bytes: Mapped[int | None] = mapped_column(BigInteger)
    times: Mapped[int]
    since: Mapped[datetime.datetime] = mapped_column(server_default=func.now())


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

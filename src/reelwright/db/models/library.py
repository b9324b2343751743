"""What clients keep: videos, results, assets, their files, templates."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from reelwright.db.models.base import Base, Labelled, index_of_ends, index_of_projects, indexes_of_labels, new_id
from reelwright.db.ownership import DEFAULT_PROJECT_ID, Owned, project_of_new
from reelwright.edits.kinds_and_states import FileRole, OverlayType, Quality, VariantKind


class Video(Labelled, Owned, Base):
    """An upload, as it came."""

    __tablename__ = "videos"
    __table_args__ = (
        Index("ix_videos_upload_time_id", "upload_time", "id"),
        index_of_projects("videos", "upload_time", "trashed_at"),
        *indexes_of_labels("videos"),
        index_of_ends("videos", "kept_until"),
        index_of_ends("videos", "trash_until"),
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
    embedded_subtitles: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    """What its own tracks of text say (`edits/cues/embedded.py`); None: nobody has read them."""
    upload_time: Mapped[datetime.datetime] = mapped_column(server_default=func.now())
    kept_until: Mapped[datetime.datetime | None]
    """When it is deleted; None: never by itself."""
    trashed_at: Mapped[datetime.datetime | None]
    """When it was deleted, and can be had back: it is hidden (db/hidden_trash.py)."""
    trash_until: Mapped[datetime.datetime | None]
    trash_reason: Mapped[str | None]


class Variant(Labelled, Owned, Base):
    """A result that was made of a video by a job."""

    __tablename__ = "video_variants"
    __table_args__ = (
        UniqueConstraint("job_id", "output_index"),
        Index("ix_video_variants_video_id", "video_id"),
        Index("ix_video_variants_source_variant_id", "source_variant_id"),
        Index("ix_video_variants_created_at_id", "created_at", "id"),
        index_of_projects("video_variants", "created_at", "trashed_at"),
        *indexes_of_labels("video_variants"),
        index_of_ends("video_variants", "kept_until"),
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
    kept_until: Mapped[datetime.datetime | None]
    """When it is deleted; None: with its video."""
    trashed_at: Mapped[datetime.datetime | None]
    """As its video's."""


class Asset(Owned, Base):
    """A picture or a sound that edits may use, uploaded by a client. Pictures have a size, sounds `media_info`."""

    __tablename__ = "assets"
    __table_args__ = (
        Index("ix_assets_created_at_id", "created_at", "id"),
        index_of_projects("assets", "created_at"),
        index_of_ends("assets", "kept_until"),
    )

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
    kept_until: Mapped[datetime.datetime | None]
    """When it is deleted; None: never by itself."""


class File(Owned, Base):
    """One stored file and its owner: exactly one of video, variant, asset."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("num_nonnulls(video_id, variant_id, asset_id) = 1", name="one_owner"),
        UniqueConstraint("video_id", "variant_id", "asset_id", "name", postgresql_nulls_not_distinct=True),
        Index("ix_files_key", "key"),
        Index("ix_files_variant_id", "variant_id"),
        Index("ix_files_asset_id", "asset_id"),
        Index("ix_files_project_id_sha256", "project_id", "sha256"),
        Index("ix_files_content", text("coalesce(content_key, key)")),
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
    content_key: Mapped[str | None]
    """The key of the file whose bytes it shares, which may be deleted by now; None: its bytes are its own."""
    trashed_at: Mapped[datetime.datetime | None]
    """As its video's: a row of its own, so that whoever waits for its lock sees it."""

    @hybrid_property
    def content(self) -> str:
        """What files have in common that share their bytes, under one key or several."""
        return self.content_key or self.key

    @content.inplace.expression
    @classmethod
    def _content_in_sql(cls) -> ColumnElement[str]:
        return func.coalesce(cls.content_key, cls.key)


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


class TemplateVersion(Owned, Base):
    """One version of an edit with variables in it. No job needs it: each holds the edit that was made of it."""

    __tablename__ = "templates"
    __table_args__ = (
        Index(
            "ix_templates_named_ids",
            text("ids_in(edit_json::text || variables_json::text)"),
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
    )

    project_id: Mapped[uuid.UUID] = mapped_column(
        primary_key=True, default=project_of_new, server_default=text(f"'{DEFAULT_PROJECT_ID}'")
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    description: Mapped[str] = mapped_column(server_default="")
    edit_json: Mapped[dict[str, Any]]
    variables_json: Mapped[dict[str, Any]]
    created_at: Mapped[datetime.datetime] = mapped_column(server_default=func.now())

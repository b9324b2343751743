"""Media and jobs: videos, their variants and files, overlays, assets, jobs with their inputs and events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=True),
        sa.Column("input_variant_id", sa.Uuid(), nullable=True),
        sa.Column("output_variant_id", sa.Uuid(), nullable=True),
        sa.Column(
            "type",
            sa.Enum("upload_probe", "trim", "overlay", "watermark", "transcode_multi", "edit", name="job_type"),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum("PENDING", "STARTED", "SUCCESS", "FAILURE", "CANCELLED", name="job_status"),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("progress", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("outputs_progress", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "warnings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("edit_json", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("plan_json", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("plan_digest", sa.Text(), nullable=True),
        sa.Column("recipe_json", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("speed", sa.Double(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_failures", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("parent_job_id", sa.Uuid(), nullable=True),
        sa.Column("queue_job_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(progress = 100) = (status = 'SUCCESS')", name=op.f("ck_jobs_complete_means_success")),
        sa.CheckConstraint("status <> 'STARTED' OR lease_until IS NOT NULL", name=op.f("ck_jobs_started_has_lease")),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_jobs_progress_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("queue_job_id", name=op.f("uq_jobs_queue_job_id")),
    )
    op.create_index("ix_jobs_created_at_id", "jobs", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_jobs_lease_until",
        "jobs",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("status = 'STARTED'"),
    )
    op.create_index("ix_jobs_status_created_at", "jobs", ["status", "created_at"], unique=False)
    op.create_index("ix_jobs_video_id_created_at", "jobs", ["video_id", "created_at"], unique=False)
    op.create_table(
        "videos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("original_filename", sa.Text(), nullable=False),
        sa.Column("stored_path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_sec", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("mime_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_info", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("upload_time", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_videos")),
    )
    op.create_index("ix_videos_upload_time_id", "videos", ["upload_time", "id"], unique=False)
    op.create_table(
        "job_events",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column(
            "data", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_events_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("pk_job_events")),
    )
    op.create_table(
        "video_variants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("output_index", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("trim", "overlay", "watermark", "transcode", "edit", name="variant_kind"),
            nullable=False,
        ),
        sa.Column(
            "quality",
            sa.Enum("source", "2160p", "1440p", "1080p", "720p", "480p", "360p", "240p", name="variant_quality"),
            nullable=True,
        ),
        sa.Column("source_variant_id", sa.Uuid(), nullable=True),
        sa.Column("stored_path", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("duration_sec", sa.Numeric(precision=10, scale=3), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("config_json", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("edit_json", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("media_info", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checks", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_variant_id"],
            ["video_variants.id"],
            name=op.f("fk_video_variants_source_variant_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["video_id"], ["videos.id"], name=op.f("fk_video_variants_video_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_variants")),
        sa.UniqueConstraint("job_id", "output_index", name=op.f("uq_video_variants_job_id_output_index")),
    )
    op.create_index("ix_video_variants_source_variant_id", "video_variants", ["source_variant_id"], unique=False)
    op.create_index("ix_video_variants_video_id", "video_variants", ["video_id"], unique=False)
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=True),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("asset_id", sa.Uuid(), nullable=True),
        sa.Column(
            "role",
            sa.Enum("main", "poster", "thumbnail", "sprite", "vtt", "hls", "dash", "preview", name="file_role"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.CheckConstraint("num_nonnulls(video_id, variant_id, asset_id) = 1", name=op.f("ck_files_one_owner")),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_files_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["video_variants.id"], name=op.f("fk_files_variant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_files_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint(
            "video_id",
            "variant_id",
            "asset_id",
            "name",
            name=op.f("uq_files_video_id_variant_id_asset_id_name"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_files_asset_id", "files", ["asset_id"], unique=False)
    op.create_index("ix_files_key", "files", ["key"], unique=False)
    op.create_index("ix_files_variant_id", "files", ["variant_id"], unique=False)
    op.create_table(
        "overlays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Enum("text", "image", "video", "watermark", name="overlay_type"), nullable=False),
        sa.Column("payload_json", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["video_variants.id"], name=op.f("fk_overlays_variant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["video_id"], ["videos.id"], name=op.f("fk_overlays_video_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlays")),
    )
    op.create_index("ix_overlays_variant_id", "overlays", ["variant_id"], unique=False)
    op.create_index("ix_overlays_video_id", "overlays", ["video_id"], unique=False)
    op.create_table(
        "job_inputs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_job_inputs_file_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_inputs_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "file_id", name=op.f("pk_job_inputs")),
    )
    op.create_index("ix_job_inputs_file_id", "job_inputs", ["file_id"], unique=False)


def downgrade() -> None:
    for table in (
        "job_inputs",
        "overlays",
        "files",
        "video_variants",
        "job_events",
        "videos",
        "jobs",
        "assets",
    ):
        op.drop_table(table)
    for kind in ("file_role", "overlay_type", "variant_quality", "variant_kind", "job_status", "job_type"):
        op.execute(f"DROP TYPE {kind}")

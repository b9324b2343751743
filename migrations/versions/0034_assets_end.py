"""When assets end, which of them templates name, and events of assets and of jobs that are forgotten; how many videos
and variants do not lie in the trash, counted by an index."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"

SQL = Path(__file__).parents[1] / "sql"
INDEXES = {
    "ix_assets_kept_until": "assets (kept_until) WHERE kept_until IS NOT NULL",
    "ix_templates_named_ids": "templates USING gin (ids_in(edit_json::text || variables_json::text))"
    " WITH (fastupdate = off)",
    "ix_videos_project_id_upload_time_id_trashed_at": "videos (project_id, upload_time, id) INCLUDE (trashed_at)",
    "ix_video_variants_project_id_created_at_id_trashed_at": "video_variants (project_id, created_at, id)"
    " INCLUDE (trashed_at)",
}
BEFORE = {
    "ix_videos_project_id_upload_time_id": "videos (project_id, upload_time, id)",
    "ix_video_variants_project_id_created_at_id": "video_variants (project_id, created_at, id)",
}
"""In whose place two of them are."""


def run_script(name: str) -> None:
    """As in 0001: several statements, without parameters."""
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute((SQL / name).read_text()))


def upgrade() -> None:
    op.execute("ALTER TABLE assets ADD COLUMN IF NOT EXISTS kept_until timestamptz")
    run_script("ids_in_templates_0034.sql")
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")
        for name in BEFORE:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    run_script("events_of_assets_and_forgotten_jobs_0034.sql")


def downgrade() -> None:
    op.execute("DROP TRIGGER event_of_asset ON assets")
    op.execute("DROP TRIGGER event_of_forgotten_job ON jobs")
    op.execute("DROP FUNCTION event_of_asset(), event_of_forgotten_job()")
    for name, columns in BEFORE.items():
        op.execute(f"CREATE INDEX {name} ON {columns}")
    for name in INDEXES:
        op.drop_index(name)
    op.execute("DROP FUNCTION ids_in(text)")
    op.drop_column("assets", "kept_until")

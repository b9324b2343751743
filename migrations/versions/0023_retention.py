"""When what is stored ends, how long deleted videos can be had back, and events of what has gone."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"

SQL = Path(__file__).parents[1] / "sql"

MOMENTS = {
    "videos": ("kept_until", "trashed_at", "trash_until"),
    "video_variants": ("kept_until", "trashed_at"),
    "files": ("trashed_at",),
}
DURATIONS = {"jobs": "result_keep_s", "imports": "keep_s", "uploads": "keep_s"}
INDEXES = {
    "ix_videos_kept_until": "videos (kept_until) WHERE kept_until IS NOT NULL",
    "ix_videos_trash_until": "videos (trash_until) WHERE trash_until IS NOT NULL",
    "ix_video_variants_kept_until": "video_variants (kept_until) WHERE kept_until IS NOT NULL",
    "ix_jobs_project_id_finished_at": "jobs (project_id, finished_at)",
}


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    for table, moments in MOMENTS.items():
        for moment in moments:
            op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {moment} timestamptz")
    op.execute("ALTER TABLE videos ADD COLUMN IF NOT EXISTS trash_reason text")
    for table, duration in DURATIONS.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {duration} bigint")
    op.add_column(
        "projects",
        sa.Column("keep", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")
    run_script((SQL / "events_of_deletion_0023.sql").read_text())


def downgrade() -> None:
    op.execute("DROP TRIGGER event_of_variant ON video_variants")
    op.execute("DROP TRIGGER event_of_trash ON videos")
    op.execute("DROP FUNCTION event_of_variant()")
    before = (SQL / "event_log_0022.sql").read_text()
    start = before.index("CREATE FUNCTION event_of_video()")
    function = before[start : before.index("CREATE CONSTRAINT TRIGGER event_of_video")]
    run_script(before[: before.index("CREATE FUNCTION")] + function.replace("CREATE", "CREATE OR REPLACE", 1))
    op.execute("DROP FUNCTION deleted_because()")
    for name in INDEXES:
        op.drop_index(name)
    op.drop_column("projects", "keep")
    for table, duration in DURATIONS.items():
        op.drop_column(table, duration)
    op.drop_column("videos", "trash_reason")
    for table, moments in MOMENTS.items():
        for moment in moments:
            op.drop_column(table, moment)

"""Nothing twice: jobs know by a fingerprint what they make, share an encode while it runs, and its result afterwards.

Workers and API of the release before leave the new columns empty: their jobs share nothing with anybody.
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

SQL = Path(__file__).parents[1] / "sql"

COLUMNS = {
    "jobs": (
        "fingerprint text",
        "shared boolean NOT NULL DEFAULT false",
        "reused_from_job_id uuid",
        "toolchain text",
        "claim_token uuid",
        "claim_attempt integer",
    ),
    "video_variants": ("reused_from_variant_id uuid",),
}
INDEXES = {
    "uq_jobs_fingerprint_leading": (
        "CREATE UNIQUE INDEX CONCURRENTLY {} ON jobs (fingerprint)"
        " WHERE shared AND reused_from_job_id IS NULL AND status IN ('PENDING', 'STARTED')"
    ),
    "ix_jobs_fingerprint_made": (
        "CREATE INDEX CONCURRENTLY {} ON jobs (fingerprint, finished_at)"
        " WHERE fingerprint IS NOT NULL AND status = 'SUCCESS'"
    ),
    "ix_jobs_reused_from_job_id": (
        "CREATE INDEX CONCURRENTLY {} ON jobs (reused_from_job_id) WHERE reused_from_job_id IS NOT NULL"
    ),
    "uq_jobs_claim_token": ("CREATE UNIQUE INDEX CONCURRENTLY {} ON jobs (claim_token) WHERE claim_token IS NOT NULL"),
}


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    # what comes before the indexes is committed before them: where one of those fails, it is there the next time
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column}")
    op.create_table(
        "toolchains",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("ffmpeg_version", sa.Text(), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("hardware", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_toolchains")),
        if_not_exists=True,
    )
    with op.get_context().autocommit_block():
        for name, statement in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(statement.format(name))
    run_script((SQL / "cancel_retry_mirror_promote_0012.sql").read_text())
    run_script((SQL / "ops_views_of_shared_encodes_0012.sql").read_text())


def downgrade() -> None:
    views = (SQL / "ops_views_0005.sql").read_text()
    waiting = (SQL / "ops_hindrances_queue_0008.sql").read_text()
    run_script(
        "DROP VIEW ops.toolchains, ops.queues, ops.queue, ops.running, ops.stuck, ops.throughput, ops.hindrances"
    )
    run_script(waiting)
    for name in ("queues", "running", "stuck", "throughput"):
        run_script(_view(views, name))
    transitions = (SQL / "cancel_retry_0007.sql").read_text()
    for name in INDEXES:
        op.drop_index(name)
    op.execute("DROP FUNCTION promote_follower(jobs, boolean), mirror_job(uuid, jsonb)")
    run_script(transitions.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.drop_table("toolchains")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column.partition(" ")[0])


def _view(script: str, name: str) -> str:
    """Return the view's statement and its comments."""
    statement = rf"^(?:CREATE VIEW ops\.{name} AS$|COMMENT ON (?:VIEW|COLUMN) ops\.{name}\b).*?;$"
    return "\n".join(re.findall(statement, script, re.DOTALL | re.MULTILINE))

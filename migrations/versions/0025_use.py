"""What projects use, by day, for quotas and for bills; by which key an upload was begun."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

SQL = Path(__file__).parents[1] / "sql"

TRIGGERS = {
    "use_of_files": "files",
    "use_of_storage": "project_bytes",
    "use_of_variants": "video_variants",
    "use_of_job": "job_events",
}
COUNTS = ("received_bytes", "sent_bytes", "jobs_succeeded", "jobs_failed", "jobs_cancelled")
SECONDS = ("made_s", "work_s")


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def _sums() -> list[sa.Column[object]]:
    zero = sa.text("0")
    return [
        *(sa.Column(name, sa.BigInteger(), server_default=zero, nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.Numeric(), server_default=zero, nullable=False) for name in SECONDS),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "use_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_entries")),
    )
    op.create_index("ix_use_entries_project_id", "use_entries", ["project_id"])
    op.create_table(
        "daily_use",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        *_sums(),
        sa.Column("most_stored_bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "day", name=op.f("pk_daily_use")),
    )
    op.add_column("uploads", sa.Column("key_id", sa.Uuid(), nullable=True))
    run_script((SQL / "daily_use_0025.sql").read_text())
    op.execute("INSERT INTO use_entries (project_id, stored_bytes) SELECT project_id, stored_bytes FROM project_bytes")


def downgrade() -> None:
    for trigger, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {trigger}()")
    op.execute("DROP FUNCTION roll_up_use(integer)")
    op.execute("DROP VIEW counted_use")
    op.drop_column("uploads", "key_id")
    op.drop_table("daily_use")
    op.drop_table("use_entries")

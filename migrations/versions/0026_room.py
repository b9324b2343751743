"""Room: what running work may take of disks and machines, what a job waits for that does not fit, what machines have.

Workers of the release before reserve nothing, and tell nothing of their machines: beside them more begins than fits, as
before.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"

SQL = Path(__file__).parents[1] / "sql"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    op.create_table(
        "reservations",
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("holder", "resource", name=op.f("pk_reservations")),
        if_not_exists=True,
    )
    op.create_index("ix_reservations_resource", "reservations", ["resource"], if_not_exists=True)
    for column in ("machine text", "need jsonb", "passed_over integer NOT NULL DEFAULT 0"):
        op.execute(f"ALTER TABLE job_waits ADD COLUMN IF NOT EXISTS {column}")
    op.execute("ALTER TABLE able_workers ADD COLUMN IF NOT EXISTS capacity jsonb")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_job_waits_machine_since")  # one that failed is left, invalid
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_job_waits_machine_since ON job_waits (machine, since) WHERE need IS NOT NULL"
        )
    run_script((SQL / "room_and_wake_jobs_0026.sql").read_text())


def downgrade() -> None:
    op.execute("DROP VIEW ops.reservations")
    op.execute("DROP FUNCTION wake_jobs(uuid[])")
    op.execute("DROP FUNCTION room(text[], uuid, text, uuid)")
    op.drop_index("ix_job_waits_machine_since", table_name="job_waits")
    for table, column in (
        ("able_workers", "capacity"),
        ("job_waits", "passed_over"),
        ("job_waits", "need"),
        ("job_waits", "machine"),
    ):
        op.drop_column(table, column)
    op.drop_table("reservations")

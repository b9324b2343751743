"""Jobs that follow another one while it is unfinished are found by an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

NAME = "ix_jobs_reused_from_job_id_unfinished"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # one that failed is left there, invalid
        op.create_index(
            NAME,
            "jobs",
            ["reused_from_job_id"],
            postgresql_where=sa.text("reused_from_job_id IS NOT NULL AND status IN ('PENDING', 'STARTED')"),
            postgresql_concurrently=True,
        )
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement


def downgrade() -> None:
    op.drop_index(NAME, table_name="jobs")

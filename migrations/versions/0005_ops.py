"""Operations by SQL: the schema `ops`, and queues that can be paused.

Workers of any release ask procrastinate's function for their next job: with one more condition in it, all of them heed
a pause, those too that run while this revision is applied.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).parents[1] / "sql"
OPS = (SQL / "ops_views_0005.sql", SQL / "ops_cancel_requeue_0005.sql", SQL / "ops_pause_resume_grant_0005.sql")
FETCH_UNLESS_PAUSED = SQL / "fetch_job_0005.sql"
FETCH = SQL / "fetch_job_0001.sql"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_jobs_finished_at")  # one that failed is left there, invalid
        op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"], postgresql_concurrently=True)
    queues = op.create_table(
        "queues",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queues")),
    )
    op.bulk_insert(queues, [{"name": "render"}])
    run_script(FETCH_UNLESS_PAUSED.read_text())
    for script in OPS:
        run_script(script.read_text())


def downgrade() -> None:
    op.execute("DROP SCHEMA ops CASCADE")
    run_script(FETCH.read_text())
    op.drop_table("queues")
    op.drop_index("ix_jobs_finished_at", table_name="jobs")

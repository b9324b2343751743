"""Weighted fair share between projects: entries of the queue know their project, projects what they have had.

Workers of any release ask procrastinate's function for their next job, entries are known by a trigger whoever makes
them: the release before takes part.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

SQL = Path(__file__).parents[1] / "sql"
DEFAULT_PROJECT_ID = "00000000-0000-7000-8000-000000000001"

INDEXES = {
    "ix_queue_due": "(project_id, queue_name, priority DESC, id) WHERE status = 'todo' AND scheduled_at IS NULL",
    "ix_queue_scheduled": "(scheduled_at) WHERE status = 'todo' AND scheduled_at IS NOT NULL",
}
ONLY_FETCHED_BY = "procrastinate_jobs_priority_idx_v1"
"""Nothing reads it any more, and where it is there, statistics may make it look better than the right one."""
COLUMNS = {
    "project_id": f"uuid NOT NULL DEFAULT '{DEFAULT_PROJECT_ID}'",
    "taken_at": "timestamptz",
    "charged_s": "double precision",
}
OF_JOBS_THAT_WAIT = (
    "UPDATE procrastinate_jobs q SET project_id = j.project_id FROM jobs j"
    " WHERE j.queue_job_id = q.id AND q.status = 'todo' AND q.project_id <> j.project_id"
)


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    # what comes before the indexes is committed before them: where one of those fails, it is there the next time
    op.execute("ALTER TABLE projects ADD COLUMN IF NOT EXISTS queue_share smallint NOT NULL DEFAULT 1")
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE procrastinate_jobs ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.create_table(
        "queue_turns",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("finish_tag", sa.Double(), nullable=False),
        sa.Column("virtual_time", sa.Double(), nullable=False),
        sa.Column("usual_s", sa.Double(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_queue_turns")),
        if_not_exists=True,
    )
    op.create_index("ix_queue_turns_virtual_time", "queue_turns", ["virtual_time"], if_not_exists=True)
    run_script((SQL / "queue_turns_0024.sql").read_text())
    with op.get_context().autocommit_block():
        for name, what in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON procrastinate_jobs {what}")
    op.execute(OF_JOBS_THAT_WAIT)
    run_script((SQL / "fetch_job_0024.sql").read_text())
    op.execute(f"DROP INDEX IF EXISTS {ONLY_FETCHED_BY}")
    run_script((SQL / "ops_projects_shares_0024.sql").read_text())


def downgrade() -> None:
    op.create_index(
        ONLY_FETCHED_BY,
        "procrastinate_jobs",
        [sa.text("priority desc"), sa.text("id asc")],
        postgresql_where=sa.text("status = 'todo'::procrastinate_job_status"),
    )
    run_script((SQL / "fetch_job_0005.sql").read_text())
    op.execute("DROP VIEW ops.shares, ops.projects")
    for script in ("ops_projects_keys_0014.sql", "ops_projects_keys_0017.sql"):
        before = (SQL / script).read_text()
        run_script(before[: before.index("CREATE OR REPLACE VIEW ops.keys")])
    for trigger in ("know_entry", "settle_turn"):
        op.execute(f"DROP TRIGGER {trigger} ON procrastinate_jobs")
        op.execute(f"DROP FUNCTION {trigger}()")
    for name in INDEXES:
        op.drop_index(name)
    op.drop_table("queue_turns")
    for name in COLUMNS:
        op.drop_column("procrastinate_jobs", name)
    op.drop_column("projects", "queue_share")

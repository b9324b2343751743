"""Queues by cost: `light` and `media`, parts of `render`; who takes what; jobs that the queue has forgotten.

The release before queues in `render`, which workers of this one take as well. Its workers ask for `render` alone, and
are given of both parts.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

SQL = Path(__file__).parents[1] / "sql"
COLUMNS = {
    "jobs": {"queue": "text NOT NULL DEFAULT 'render'"},
    "queues": {"part_of": "text", "paused_why": "text"},
    "procrastinate_workers": {"name": "text", "queues": "text[]"},
}
PARTS = (
    "INSERT INTO queues (name, part_of) VALUES ('light', 'render'), ('media', 'render') ON CONFLICT (name) DO NOTHING"
)
SCRIPTS = (
    "retry_promote_0031.sql",
    "fetch_job_0031.sql",
    "pause_resume_0031.sql",
    "ops_queue_0031.sql",
    "ops_workers_0031.sql",
    "ops_stuck_failures_0031.sql",
)
TRIGGERS = ("note_forgotten_ended", "note_forgotten_gone", "note_forgotten_all")


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    for table in ("queues", "procrastinate_workers"):
        _add_columns(table)
    op.create_table(
        "forgotten_jobs",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_forgotten_jobs")),
    )
    op.execute(PARTS)
    run_script((SQL / "forgotten_jobs_0031.sql").read_text())
    _add_columns("jobs")  # after what takes long: nobody can read it until the commit
    for script in SCRIPTS:
        run_script((SQL / script).read_text())


def downgrade() -> None:
    op.execute("UPDATE procrastinate_jobs SET queue_name = 'render' WHERE queue_name IN ('light', 'media')")
    run_script((SQL / "fetch_job_0024.sql").read_text())
    # the views that have gained columns, and those that read them, come back as they were
    op.execute("DROP VIEW ops.queues, ops.queue, ops.workers, ops.stuck, ops.failures, ops.queue_workers")
    views = (SQL / "ops_views_0005.sql").read_text()
    reuse = (SQL / "ops_views_of_shared_encodes_0012.sql").read_text()
    for script, first, end in (
        (views, "ops.queue", "ops.running"),
        (views, "ops.workers", "ops.throughput"),
        (reuse, "ops.queue", "ops.running"),
        (reuse, "ops.stuck", "ops.throughput"),
    ):
        run_script(script[_view(script, first) : _view(script, end)])
    run_script((SQL / "ops_queue_0027.sql").read_text())
    functions = (SQL / "ops_pause_resume_grant_0005.sql").read_text()
    run_script(
        functions[: functions.index("-- Rights are given")].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    )
    for name in ("pause_queue(text, text, text)", "resume_queue(text)"):
        op.execute(f"DROP FUNCTION {name}")
    promote = (SQL / "cancel_retry_mirror_promote_0012.sql").read_text()
    begins, ends = (
        promote.index("CREATE FUNCTION promote_follower"),
        promote.index("COMMENT ON FUNCTION promote_follow"),
    )
    run_script(_WITH_PATH + promote[begins:ends].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    run_script((SQL / "retry_0027.sql").read_text())
    for trigger in TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger} ON procrastinate_jobs")
    op.execute("DROP FUNCTION note_forgotten()")
    op.drop_table("forgotten_jobs")
    op.execute("DELETE FROM queues WHERE part_of IS NOT NULL")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.drop_column(table, name)


def _add_columns(table: str) -> None:
    for name, kind in COLUMNS[table].items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")


_WITH_PATH = "SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);\n"


def _view(script: str, name: str) -> int:
    return script.rindex("CREATE ", 0, script.index(f"VIEW {name} AS"))

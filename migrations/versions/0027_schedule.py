"""Jobs that are bound to times: not before, and not after."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

SQL = Path(__file__).parents[1] / "sql"

WAITS_TO_EXPIRE = "status = 'PENDING' AND started_at IS NULL AND expires_at IS NOT NULL"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    # what comes before the index is committed before it: where that fails, it is there the next time
    for name in ("run_at", "expires_at"):
        op.execute(f"ALTER TABLE jobs ADD COLUMN IF NOT EXISTS {name} timestamptz")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_jobs_expires_at")  # one that failed is left there, invalid
        op.create_index(
            "ix_jobs_expires_at",
            "jobs",
            ["expires_at"],
            postgresql_where=sa.text(WAITS_TO_EXPIRE),
            postgresql_concurrently=True,
        )
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement
    run_script((SQL / "retry_0027.sql").read_text())
    run_script((SQL / "ops_queue_0027.sql").read_text())


def downgrade() -> None:
    # ops.queues reads ops.queue: both come back as they were
    op.execute("DROP VIEW ops.queues, ops.queue")
    for script in ("ops_views_0005.sql", "ops_views_of_shared_encodes_0012.sql"):
        run_script(_from_to((SQL / script).read_text(), "ops.queue", "ops.running"))
    before = (SQL / "retry_import_secrets_0021.sql").read_text()
    run_script(
        before[: before.index("CREATE FUNCTION")] + before[before.index("CREATE OR REPLACE FUNCTION retry_job") :]
    )
    op.drop_index("ix_jobs_expires_at", table_name="jobs")
    op.drop_column("jobs", "expires_at")
    op.drop_column("jobs", "run_at")


def _from_to(script: str, first: str, end: str) -> str:
    """Return the statements from one view on to another."""
    return script[_view(script, first) : _view(script, end)]


def _view(script: str, name: str) -> int:
    return script.rindex("CREATE ", 0, script.index(f"VIEW {name} AS"))

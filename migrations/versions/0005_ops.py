"""Operations by SQL: the schema `ops`, and queues that can be paused.

Workers of any release ask procrastinate's function for their next job: with one more condition in it, all of them heed
a pause, those too that run while this revision is applied.
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SQL = Path(__file__).parents[1] / "sql"
OPS = (SQL / "ops_0005_views.sql", SQL / "ops_0005_functions.sql")
QUEUE = SQL / "procrastinate_3.10.0.sql"

_FETCH = re.compile(r"^CREATE (FUNCTION procrastinate_fetch_job_v2\(.*?^\$\$;)$", re.DOTALL | re.MULTILINE)
_WAITS = "AND jobs.status = 'todo'\n"
_MAY_START = "AND jobs.queue_name NOT IN (SELECT name FROM queues WHERE paused_at IS NOT NULL)\n"


def fetch(*, heeds_pauses: bool) -> str:
    """The queue's own function that hands out the next job, as it was or with the condition."""
    found = _FETCH.search(QUEUE.read_text())
    assert found is not None
    assert found[1].count(_WAITS) == 1
    condition = _WAITS + " " * 16 + _MAY_START if heeds_pauses else _WAITS
    return "CREATE OR REPLACE " + found[1].replace(_WAITS, condition)


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
    run_script(fetch(heeds_pauses=True))
    for script in OPS:
        run_script(script.read_text())


def downgrade() -> None:
    op.execute("DROP SCHEMA ops CASCADE")
    run_script(fetch(heeds_pauses=False))
    op.drop_table("queues")
    op.drop_index("ix_jobs_finished_at", table_name="jobs")

"""Cancelling and retrying a job are functions of the database, which the program and operators call alike.

`ops.cancel` and `ops.requeue` keep their names, arguments and rights; what they did is in `cancel_job` and `retry_job`
now. A job that an operator cancels forgets what it waited for, as one that a client cancels does.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"

SQL = Path(__file__).parents[1] / "sql"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    run_script((SQL / "cancel_retry_0007.sql").read_text())


def downgrade() -> None:
    run_script((SQL / "ops_cancel_requeue_0005.sql").read_text())
    op.execute("DROP FUNCTION cancel_job(uuid), retry_job(uuid, jsonb)")

"""Workers claim a job by one call."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0027"

SCRIPT = Path(__file__).parents[1] / "sql" / "claim_job_0028.sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(SCRIPT.read_text()))


def downgrade() -> None:
    op.execute("DROP FUNCTION claim_job(uuid, text, interval, uuid)")

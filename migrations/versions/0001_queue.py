"""The queue: procrastinate's tables, types, functions and triggers, as its release 3.10.0 ships them.

The SQL is a vendored copy (MIT licence, see its header), so that this revision never changes its meaning.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SCHEMA = Path(__file__).parents[1] / "sql" / "procrastinate_3.10.0.sql"
DROP = Path(__file__).parents[1] / "sql" / "procrastinate_3.10.0_drop.sql"


def run_script(sql: str) -> None:
    """asyncpg prepares what SQLAlchemy sends, one statement at a time: a script takes its simple-query path."""
    bind = op.get_bind()
    bind.execute(sa.text("SELECT 1"))  # SQLAlchemy begins its transaction with the first statement
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    run_script(SCHEMA.read_text())


def downgrade() -> None:
    run_script(DROP.read_text())

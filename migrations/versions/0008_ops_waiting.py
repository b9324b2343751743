"""Operations by SQL: what a job waits for beside its turn, and what keeps workers from work."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"

SQL = Path(__file__).parents[1] / "sql"

_QUEUES = re.compile(r"^CREATE VIEW ops\.queue AS$.*?(?=^CREATE VIEW ops\.running AS$)", re.DOTALL | re.MULTILINE)
"""In 0005: the view that has new columns, and the one that reads it."""


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    run_script((SQL / "ops_hindrances_queue_0008.sql").read_text())


def downgrade() -> None:
    found = _QUEUES.search((SQL / "ops_views_0005.sql").read_text())
    assert found is not None
    run_script("DROP VIEW ops.queues; DROP VIEW ops.queue; DROP VIEW ops.hindrances;" + found[0])

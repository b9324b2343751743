"""When assets end, events of those that have come and gone, and of jobs that are forgotten."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

SCRIPT = Path(__file__).parents[1] / "sql" / "events_0034.sql"
NAME = "ix_assets_kept_until"


def upgrade() -> None:
    op.execute("ALTER TABLE assets ADD COLUMN IF NOT EXISTS kept_until timestamptz")
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # one that failed is left there, invalid
        op.create_index(
            NAME,
            "assets",
            ["kept_until"],
            postgresql_where=sa.text("kept_until IS NOT NULL"),
            postgresql_concurrently=True,
        )
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(SCRIPT.read_text()))


def downgrade() -> None:
    op.execute("DROP TRIGGER event_of_asset ON assets")
    op.execute("DROP TRIGGER event_of_forgotten_job ON jobs")
    op.execute("DROP FUNCTION event_of_asset(), event_of_forgotten_job()")
    op.drop_index(NAME, table_name="assets")
    op.drop_column("assets", "kept_until")

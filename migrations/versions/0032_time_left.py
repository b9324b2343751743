"""How long jobs were foretold to take, what their stages took, and how many jobs a worker does at once."""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"

COLUMNS = (("jobs", "forecast", "jsonb"), ("jobs", "took", "jsonb"), ("able_workers", "slots", "integer"))


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}")


def downgrade() -> None:
    for table, name, _ in reversed(COLUMNS):
        op.drop_column(table, name)

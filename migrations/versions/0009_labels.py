"""Labels: what clients say of their videos, jobs and variants, and the indexes that lists of them are filtered by."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

SQL = Path(__file__).parents[1] / "sql"
TABLES = ("videos", "video_variants", "jobs")
ORDER = "ix_video_variants_created_at_id"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    for table in TABLES:  # what stands before the block is committed with it: done again, it must not fail
        column = sa.Column("labels", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False)
        op.add_column(table, column, if_not_exists=True)
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS ix_{table}_labels")  # one that failed is left there, invalid
            op.create_index(
                f"ix_{table}_labels",
                table,
                ["labels"],
                postgresql_using="gin",
                postgresql_ops={"labels": "jsonb_path_ops"},
                postgresql_with={"fastupdate": "off"},
                postgresql_concurrently=True,
            )
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {ORDER}")
        op.create_index(ORDER, "video_variants", ["created_at", "id"], postgresql_concurrently=True)
    run_script((SQL / "ops_labels_0009.sql").read_text())


def downgrade() -> None:
    op.execute("DROP VIEW ops.labels")
    op.drop_index(ORDER, table_name="video_variants")
    for table in TABLES:
        op.drop_column(table, "labels")

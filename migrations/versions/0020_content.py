"""The same bytes once: which files share theirs, under other keys.

Stored bytes are counted by that from now on; what was stored before shares nothing, so that the counts stay right.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"

SQL = Path(__file__).parents[1] / "sql"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    op.execute("ALTER TABLE files ADD COLUMN IF NOT EXISTS content_key text")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_files_content")  # one that failed is left there, invalid
        op.execute("CREATE INDEX CONCURRENTLY ix_files_content ON files (coalesce(content_key, key))")
    run_script((SQL / "stored_bytes_0020.sql").read_text())


def downgrade() -> None:
    run_script((SQL / "admission_and_stored_bytes_0017.sql").read_text())
    op.drop_index("ix_files_content")
    op.drop_column("files", "content_key")

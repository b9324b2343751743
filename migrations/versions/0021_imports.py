"""Imports: where they come from, how far they can be resumed, and what is forgotten when they end."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"

SQL = Path(__file__).parents[1] / "sql"
DEFAULT_PROJECT_ID = "00000000-0000-7000-8000-000000000001"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("has_secrets", sa.Boolean(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("validator", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("project_id", sa.Uuid(), server_default=sa.text(f"'{DEFAULT_PROJECT_ID}'"), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_imports")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_imports_job_id"), ondelete="CASCADE"),
    )
    op.create_table(
        "import_secrets",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_import_secrets")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["imports.job_id"], name=op.f("fk_import_secrets_job_id"), ondelete="CASCADE"
        ),
    )
    run_script((SQL / "retry_import_secrets_0021.sql").read_text())


def downgrade() -> None:
    op.execute("DROP TRIGGER forget_import_secrets ON jobs")
    op.execute("DROP FUNCTION forget_import_secrets()")
    before = (SQL / "cancel_retry_mirror_promote_0012.sql").read_text()
    run_script(
        before[: before.index("CREATE FUNCTION")] + before[before.index("CREATE OR REPLACE FUNCTION retry_job") :]
    )
    op.drop_table("import_secrets")
    op.drop_table("imports")

"""Tokens: rights that keys hand on, for one purpose and a while."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

SQL = Path(__file__).parents[1] / "sql"

DEFAULT_PROJECT_ID = "00000000-0000-7000-8000-000000000001"


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("max_bytes", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("project_id", sa.Uuid(), server_default=sa.text(f"'{DEFAULT_PROJECT_ID}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_tokens_key_id")),
    )
    op.create_index("ix_tokens_project_id_created_at_id", "tokens", ["project_id", "created_at", "id"])
    op.create_index("ix_tokens_expires_at", "tokens", ["expires_at"])
    op.create_index("ix_tokens_subject_id", "tokens", ["subject_id"])
    op.create_index(
        "uq_tokens_addresses",
        "tokens",
        ["key_id", "purpose", "subject_id", "expires_at"],
        unique=True,
        postgresql_where=sa.text("purpose IN ('play', 'download') AND revoked_at IS NULL"),
    )
    run_script((SQL / "ops_tokens_0019.sql").read_text())


def downgrade() -> None:
    op.execute("DROP VIEW ops.tokens")
    op.drop_table("tokens")

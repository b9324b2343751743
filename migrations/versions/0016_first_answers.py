"""What requests with an Idempotency-Key were answered, for when they come again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

DEFAULT_PROJECT_ID = "00000000-0000-7000-8000-000000000001"


def upgrade() -> None:
    op.create_table(
        "first_answers",
        sa.Column("project_id", sa.Uuid(), server_default=sa.text(f"'{DEFAULT_PROJECT_ID}'"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_first_answers")),
    )
    op.create_index("ix_first_answers_created_at", "first_answers", ["created_at"])


def downgrade() -> None:
    op.drop_table("first_answers")

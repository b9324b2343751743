"""Assets: what a list of pictures shows of them, and its order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # no row needs a default: nothing made assets before this revision
    op.add_column("assets", sa.Column("content_type", sa.Text(), nullable=False))
    op.add_column("assets", sa.Column("width", sa.Integer(), nullable=False))
    op.add_column("assets", sa.Column("height", sa.Integer(), nullable=False))
    op.create_index("ix_assets_created_at_id", "assets", ["created_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_assets_created_at_id", table_name="assets")
    for column in ("height", "width", "content_type"):
        op.drop_column("assets", column)

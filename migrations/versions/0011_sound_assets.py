"""Assets: sounds, which have no size in pixels, and of which more has to be known to edit them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.alter_column("assets", "width", nullable=True)
    op.alter_column("assets", "height", nullable=True)
    op.add_column("assets", sa.Column("media_info", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM assets WHERE width IS NULL")  # the release before knows no sounds
    op.drop_column("assets", "media_info")
    op.alter_column("assets", "height", nullable=False)
    op.alter_column("assets", "width", nullable=False)

"""Videos: what their own tracks of text say."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("ALTER TABLE videos ADD COLUMN IF NOT EXISTS embedded_subtitles jsonb")


def downgrade() -> None:
    op.drop_column("videos", "embedded_subtitles")

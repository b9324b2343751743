"""Events of videos that were imported, and of uploads that have expired."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"

SCRIPT = Path(__file__).parents[1] / "sql" / "events_of_imports_and_uploads_0030.sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(SCRIPT.read_text()))


def downgrade() -> None:
    op.execute("DROP TRIGGER event_of_upload ON uploads")
    op.execute("DROP TRIGGER event_of_video_import ON videos")
    op.execute("DROP FUNCTION event_of_upload(), event_of_video_import()")

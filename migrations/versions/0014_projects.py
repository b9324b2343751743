"""Projects and keys: whose things are, and who may do what.

What was there before belongs to the project `default`, and so does what the release before makes meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

SQL = Path(__file__).parents[1] / "sql"

DEFAULT_PROJECT_ID = "00000000-0000-7000-8000-000000000001"
OWNED = ("videos", "video_variants", "assets", "files", "jobs", "templates")
INDEXES = {
    "ix_videos_project_id_upload_time_id": ("videos", "project_id, upload_time, id"),
    "ix_video_variants_project_id_created_at_id": ("video_variants", "project_id, created_at, id"),
    "ix_assets_project_id_created_at_id": ("assets", "project_id, created_at, id"),
    "ix_jobs_project_id_created_at_id": ("jobs", "project_id, created_at, id"),
}


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    # what comes before the indexes is committed before them: where one of those fails, it is there the next time
    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
        if_not_exists=True,
    )
    op.execute(f"INSERT INTO projects (id, name) VALUES ('{DEFAULT_PROJECT_ID}', 'default') ON CONFLICT DO NOTHING")
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_api_keys_project_id")),
        if_not_exists=True,
    )
    op.create_index("ix_api_keys_project_id_created_at", "api_keys", ["project_id", "created_at"], if_not_exists=True)
    for table in OWNED:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS project_id uuid NOT NULL DEFAULT '{DEFAULT_PROJECT_ID}'"
        )
    # a table of some rows; the release before names no project and finds its own
    op.drop_constraint("pk_templates", "templates")
    op.create_primary_key(op.f("pk_templates"), "templates", ["project_id", "name", "version"])
    with op.get_context().autocommit_block():
        for name, (table, columns) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({columns})")
    run_script((SQL / "ops_projects_keys_0014.sql").read_text())


def downgrade() -> None:
    op.execute("DROP VIEW ops.keys, ops.projects")
    for name in INDEXES:
        op.drop_index(name)
    op.execute("DELETE FROM templates WHERE project_id <> '" + DEFAULT_PROJECT_ID + "'")
    op.drop_constraint("pk_templates", "templates")
    op.create_primary_key(op.f("pk_templates"), "templates", ["name", "version"])
    for table in OWNED:
        op.drop_column(table, "project_id")
    op.drop_table("api_keys")
    op.drop_table("projects")

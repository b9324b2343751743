"""Limits of keys and projects, and the same bytes once.

What a project has stored is counted by triggers from now on, also for the release before; what was there already is
counted project by project afterwards, while it changes.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

SQL = Path(__file__).parents[1] / "sql"

UNFINISHED = "status IN ('PENDING', 'STARTED')"
INDEXES = {
    "ix_files_project_id_sha256": ("files", "project_id, sha256", ""),
    "ix_jobs_project_id_unfinished": ("jobs", "project_id", f"WHERE {UNFINISHED}"),
    "ix_jobs_key_id_unfinished": ("jobs", "key_id", f"WHERE {UNFINISHED} AND key_id IS NOT NULL"),
}
FUNCTIONS = (
    "admit_job(uuid, uuid, bigint[], bigint[])",
    "admit_upload(uuid, uuid, uuid, bigint[], double precision)",
    "recount_stored_bytes(uuid)",
    "count_stored_bytes()",
)


def run_script(sql: str) -> None:
    """As in 0001: several statements, without parameters."""
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute(sql))


def upgrade() -> None:
    # what comes before the indexes is committed before them: where one of those fails, it is there the next time
    for table in ("projects", "api_keys"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS limits jsonb NOT NULL DEFAULT '{{}}'::jsonb")
    op.execute("ALTER TABLE jobs ADD COLUMN IF NOT EXISTS key_id uuid")
    op.create_table(
        "usages",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("jobs_full_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_usages")),
        if_not_exists=True,
    )
    op.create_table(
        "upload_places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_places")),
        if_not_exists=True,
    )
    op.create_index("ix_upload_places_project_id", "upload_places", ["project_id"], if_not_exists=True)
    op.create_index("ix_upload_places_key_id", "upload_places", ["key_id"], if_not_exists=True)
    op.create_table(
        "project_bytes",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_project_bytes")),
        if_not_exists=True,
    )
    run_script((SQL / "admission_and_stored_bytes_0017.sql").read_text())
    with op.get_context().autocommit_block():
        for name, (table, columns, condition) in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} ({columns}) {condition}")
        for project_id in op.get_bind().execute(sa.text("SELECT id FROM projects")).scalars().all():
            op.get_bind().execute(sa.text("SELECT recount_stored_bytes(:project)"), {"project": project_id})
    run_script((SQL / "ops_projects_keys_0017.sql").read_text())


def downgrade() -> None:
    op.execute("DROP VIEW ops.keys, ops.projects")
    run_script((SQL / "ops_projects_keys_0014.sql").read_text())
    for trigger in ("count_stored_bytes_added", "count_stored_bytes_gone"):
        op.execute(f"DROP TRIGGER {trigger} ON files")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for name in INDEXES:
        op.drop_index(name)
    for table in ("usages", "upload_places", "project_bytes"):
        op.drop_table(table)
    op.drop_column("jobs", "key_id")
    for table in ("projects", "api_keys"):
        op.drop_column(table, "limits")

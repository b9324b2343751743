"""An index of labels in which each project's rows lie apart: what others have makes no search slower, and no clock
tells of it. A job is claimed and has its room in one call."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0035"
down_revision = "0034"

SQL = Path(__file__).parents[1] / "sql"
PLANNED_ONCE = (
    "claim_job(uuid, text, interval, uuid)",
    "mirror_job(uuid, jsonb)",
    "room(text[], uuid, text, uuid)",
    "record_event(uuid, text, uuid, jsonb, uuid)",
    "event_of_job()",
    "procrastinate_fetch_job_v2(character varying[], bigint)",
)
"""What stands between a job and its start is asked in the same way each time: to plan it anew takes longer than to do
it."""
TABLES = ("videos", "video_variants", "jobs")


def run_script(name: str) -> None:
    """As in 0001: several statements, without parameters."""
    op.execute("SELECT 1")  # SQLAlchemy begins its transaction with the first statement
    bind = op.get_bind()
    bind.connection.dbapi_connection.run_async(lambda driver: driver.execute((SQL / name).read_text()))


def upgrade() -> None:
    run_script("labels_by_project_0035.sql")
    for function in PLANNED_ONCE:
        op.execute(f"ALTER FUNCTION {function} SET plan_cache_mode = force_generic_plan")
    run_script("claim_job_with_room_0035.sql")
    with op.get_context().autocommit_block():
        for table in TABLES:
            name = f"ix_{table}_owned_labels"
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # one that failed is left there, invalid
            op.execute(
                f"CREATE INDEX CONCURRENTLY {name} ON {table}"
                " USING gin (owned_labels(project_id, labels) jsonb_path_ops) WITH (fastupdate = off)"
            )


def downgrade() -> None:
    op.execute(
        "DROP FUNCTION claim_job_with_room(uuid, text, interval, uuid, text, text[], text[], bigint[], bigint[])"
    )
    for function in PLANNED_ONCE:
        op.execute(f"ALTER FUNCTION {function} RESET plan_cache_mode")
    for table in TABLES:
        op.drop_index(f"ix_{table}_owned_labels")
    op.execute("DROP FUNCTION owned_labels(uuid, jsonb)")

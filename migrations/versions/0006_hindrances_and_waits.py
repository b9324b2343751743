"""Bad days: what keeps machines from work, what a job waits for, and what an attempt is about to publish.

Tables of their own: workers and API of the release before know nothing of them and miss nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NOW = sa.text("now()")


def upgrade() -> None:
    op.create_table(
        "hindrances",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_hindrances")),
    )
    op.create_table(
        "job_waits",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("needs_bytes", sa.BigInteger(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_waits_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_waits")),
    )
    op.create_table(
        "publications",
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_publications_job_id_jobs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("folder", name=op.f("pk_publications")),
    )
    op.create_index("ix_publications_job_id", "publications", ["job_id"])


def downgrade() -> None:
    op.drop_table("publications")
    op.drop_table("job_waits")
    op.drop_table("hindrances")

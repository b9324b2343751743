"""Jobs of the type `import`: known from here on, made from the next revision on.

A downgrade leaves the value: PostgreSQL takes none away from an enum.
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE job_type ADD VALUE IF NOT EXISTS 'import'")


def downgrade() -> None:
    pass

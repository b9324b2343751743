"""The schema's revisions: those that this version knows, and the one that a database is at.

Every process looks at them when it starts, so they are read without Alembic, which takes long to be imported: a
migration's file begins with its revision, and their order is that of their numbers.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright import packaged_folders


@cache
def known_revisions() -> frozenset[str]:
    """Return every revision that this version can bring further."""
    files = (packaged_folders.folder("migrations") / "versions").glob("[0-9]*_*.py")
    return frozenset(path.name.partition("_")[0] for path in files)


def newest_revision() -> str:
    return max(known_revisions())


async def current_revision(engine: AsyncEngine) -> str | None:
    """Return the revision that the database is at, None when it was never migrated."""
    async with engine.connect() as connection:
        if await connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return None
        revision: str | None = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision

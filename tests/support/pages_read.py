"""How much of a database a transaction reads, by Postgres' own count: of itself, whatever other sessions do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_FETCHED = text(
    "SELECT coalesce(sum(pg_stat_get_xact_blocks_fetched(r.oid)), 0)::bigint FROM pg_class r WHERE r.oid IN ("
    " SELECT t.oid FROM pg_class t WHERE t.relname = ANY(:tables) AND t.relnamespace = 'public'::regnamespace"
    " UNION ALL SELECT i.indexrelid FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid"
    " WHERE t.relname = ANY(:tables) AND t.relnamespace = 'public'::regnamespace)"
)


async def pages_read(session: AsyncSession, work: Callable[[AsyncSession], Awaitable[object]], *tables: str) -> int:
    """How many pages of the tables and their indexes are read for the work."""
    before: int = (await session.execute(_FETCHED, {"tables": list(tables)})).scalar_one()
    await work(session)
    after: int = (await session.execute(_FETCHED, {"tables": list(tables)})).scalar_one()
    return after - before

"""Short queries that cost little: over the connection that hears of jobs; where that is away, by the pool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from reelwright.db.outages import is_away
from reelwright.jobs.notifier import JobNotifier


class ShortQueries:
    """Of one process."""

    def __init__(self, notifier: JobNotifier, engine: AsyncEngine) -> None:
        self._notifier = notifier
        self._engine = engine

    async def fetch(self, query: str, *arguments: object) -> Sequence[Sequence[Any]]:
        """Return the rows. `query`: with `$1`, `$2` ... Raises what the database raises."""
        if self._notifier.listening.is_set():
            try:
                return [tuple(row) for row in await self._notifier.fetch(query, *arguments)]
            except Exception as error:
                if not is_away(error):
                    raise
        async with self._engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(query, arguments)]

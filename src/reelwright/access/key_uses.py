"""When each key was last used: noted as requests come, written in batches, so that no request waits for it."""

from __future__ import annotations

import datetime
import logging
import uuid
from contextlib import AbstractAsyncContextManager

from sqlalchemy import bindparam, func, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.cancellation import every_so_often
from reelwright.db.models import ApiKey
from reelwright.db.outages import is_away

logger = logging.getLogger(__name__)

WRITE_INTERVAL_S = 30.0


class KeyUses:
    """Those that are not written yet."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._used: dict[uuid.UUID, datetime.datetime] = {}

    def note(self, key_id: uuid.UUID, used_at: datetime.datetime) -> None:
        self._used[key_id] = used_at

    def writing_down(self) -> AbstractAsyncContextManager[None]:
        """Write down meanwhile, and at the end."""
        return every_so_often(self._write, WRITE_INTERVAL_S, "uses of keys")

    async def _write(self) -> None:
        used, self._used = self._used, {}
        if not used:
            return
        rows = [{"key_id": key_id, "used_at": used_at} for key_id, used_at in sorted(used.items())]
        newest = func.greatest(ApiKey.last_used_at, bindparam("used_at"))
        statement = update(ApiKey.__table__).where(ApiKey.id == bindparam("key_id")).values(last_used_at=newest)  # type: ignore[arg-type]
        try:
            async with self._sessions.begin() as session:
                await (await session.connection()).execute(statement, rows)
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("it was not written down when keys were used: %r", error)

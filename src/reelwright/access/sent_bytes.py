"""Bytes of stored files that this process has sent, by project: noted as they go, written down every few seconds and at
the end. What a process that is killed had not written down is not counted, and what may have been written down already
is not written again.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.cancellation import every_so_often
from reelwright.db.models import UseEntry
from reelwright.db.outages import is_away

logger = logging.getLogger(__name__)

WRITE_INTERVAL_S = 10.0


class SentBytes:
    """Safe for any number of concurrent answers."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._sent: Counter[uuid.UUID] = Counter()

    def of(self, project_id: uuid.UUID) -> Callable[[int], None]:
        """Return what is to be called with every number of bytes that were sent of a project's file."""

        def note(size_bytes: int) -> None:
            self._sent[project_id] += size_bytes

        return note

    def writing_down(self) -> AbstractAsyncContextManager[None]:
        """Write down meanwhile, and at the end."""
        return every_so_often(self._write, WRITE_INTERVAL_S, "bytes that were sent")

    async def _write(self) -> None:
        if not self._sent:
            return
        sent, self._sent = self._sent, Counter()
        rows = [{"project_id": project_id, "sent_bytes": size_bytes} for project_id, size_bytes in sent.items()]
        is_written = False
        try:
            async with self._sessions.begin() as session:
                await session.execute(insert(UseEntry), rows)
                is_written = True  # whatever becomes of the answer to the commit
        except Exception as error:
            if not is_written:
                self._sent.update(sent)  # with those that have been sent since
            if not is_away(error):
                logger.exception("bytes that were sent could not be written down")

"""Bytes that were sent are counted once, whatever becomes of the connection that they are written down by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from reelwright.access.sent_bytes import SentBytes
from reelwright.db.ownership import DEFAULT_PROJECT_ID
from tests.support.job_database import World


class Unsteady:
    """Transactions whose connection breaks once: before anything is asked, or so that a commit has no answer."""

    def __init__(self, sessions: Any, moment: str) -> None:
        self.sessions = sessions
        self.moment: str | None = moment

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        moment, self.moment = self.moment, None
        if moment == "before":
            raise ConnectionResetError("it broke before")
        async with self.sessions.begin() as session:
            yield session
        if moment == "answer":
            raise ConnectionResetError("it broke with the answer")


@pytest.mark.parametrize("moment", ["before", "answer"])
async def test_bytes_are_counted_once_though_a_connection_breaks(world: World, moment: str) -> None:
    sent: Any = SentBytes(Unsteady(world.sessions, moment))  # type: ignore[arg-type]
    note = sent.of(DEFAULT_PROJECT_ID)
    note(1000)
    await sent._write()
    note(30)
    await sent._write()
    async with world.sessions() as session:
        assert await session.scalar(text("SELECT sum(sent_bytes) FROM use_entries")) == 1030

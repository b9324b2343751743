"""Room for a file that comes in several requests: reserved once, and anew where it was forgotten meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity import room_for_uploads
from reelwright.capacity.room_for_uploads import LARGE_BYTES, ArrivingFile, give_back, room_held
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    made = LocalStorage(tmp_path / "media", reserve_bytes=0)
    made.prepare()
    return made


async def test_what_was_forgotten_while_the_database_was_away_is_reserved_anew(
    world: World, operator: asyncpg.Connection[asyncpg.Record], storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next request: whoever renews finds that there is nothing."""
    monkeypatch.setattr(room_for_uploads, "RENEWED_S", 0.05)
    file = ArrivingFile(LARGE_BYTES)
    held = "SELECT count(*) FROM reservations WHERE holder = $1"
    async with room_held(world.sessions, storage, file):
        assert await operator.fetchval(held, file.holder) == 1
        await operator.execute("DELETE FROM reservations")
        async with asyncio.timeout(PATIENCE_S):
            while file.reserved_at is not None:
                await asyncio.sleep(0.01)
    async with room_held(world.sessions, storage, file):
        assert await operator.fetchval(held, file.holder) == 1


async def test_an_upload_goes_on_while_its_room_cannot_be_renewed(
    world: World, operator: asyncpg.Connection[asyncpg.Record], storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is renewed once the database is there again; what could not be given back comes free by itself."""
    monkeypatch.setattr(room_for_uploads, "RENEWED_S", 0.02)
    file, away, asked = ArrivingFile(LARGE_BYTES), False, 0

    class Sessions:
        def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
            nonlocal asked
            asked += 1
            if away:
                raise ConnectionRefusedError
            return world.sessions.begin()

    sessions: Any = Sessions()
    async with room_held(sessions, storage, file):
        reserved_at, away, asked = file.reserved_at, True, 0
        async with asyncio.timeout(PATIENCE_S):
            while asked < 2:
                await asyncio.sleep(0.01)
            assert file.reserved_at == reserved_at
            away = False
            while file.reserved_at == reserved_at:
                await asyncio.sleep(0.01)
    away = True
    await give_back(sessions, file)
    assert file.reserved_at is None
    assert await operator.fetchval("SELECT count(*) FROM reservations WHERE holder = $1", file.holder) == 1

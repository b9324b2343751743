"""Room for a file that comes in several requests: reserved once, and anew where it was forgotten meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from reelwright.capacity import incoming
from reelwright.capacity.incoming import LARGE_BYTES, ArrivingFile, room_held
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S


async def test_what_was_forgotten_while_the_database_was_away_is_reserved_anew(
    world: World, operator: asyncpg.Connection[asyncpg.Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the next request: whoever renews finds that there is nothing."""
    monkeypatch.setattr(incoming, "RENEWED_S", 0.05)
    storage = LocalStorage(tmp_path / "media", reserve_bytes=0)
    storage.prepare()
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

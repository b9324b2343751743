"""Jobs that wait, looked at by a worker that starts: is there room for them by now."""

from __future__ import annotations

from sqlalchemy import text

from reelwright.capacity.machine_resources import WorkPlace
from reelwright.jobs import room
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.job_states import postponed


async def test_a_job_that_waits_for_no_room_keeps_no_worker_from_starting(world: World, settings: Settings) -> None:
    """A machine was blamed for it: nothing is said of its need, also as an older release says nothing."""
    await postponed(world)
    storage = LocalStorage(settings.media_path, reserve_bytes=0)
    storage.prepare()
    settings.work_path.mkdir()
    place = WorkPlace.of(settings, storage)
    await world.do(room.look_again, place, everywhere=True)
    async with world.sessions.begin() as session:
        assert await session.scalar(text("SELECT count(*) FROM job_waits WHERE need IS NULL")) == 1
        await session.execute(text("UPDATE job_waits SET need = 'null'"))
    await world.do(room.look_again, place, everywhere=True)

"""A worker looks at its machine before it asks for its next job: what it cannot work at is left to others."""

from __future__ import annotations

import threading
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from reelwright.capacity.machine_resources import WorkPlace
from reelwright.media.ffmpeg import executable
from reelwright.settings import Settings
from reelwright.storage import disk_space
from reelwright.storage.local import LocalStorage
from reelwright_worker import machine_health
from reelwright_worker.machine_health import MachineHealth
from reelwright_worker.queue_connector import LateConnector
from reelwright_worker.queue_fetching import CarefulManager
from tests.support.job_database import World


@pytest.fixture
def ffmpeg(tmp_path: Path, settings: Settings) -> Path:
    """The program of the worker under test, which may go away."""
    program = tmp_path / "ffmpeg"
    program.symlink_to(executable.ffmpeg_path(settings))
    return program


@pytest.fixture
async def machine(settings: Settings, world: World, ffmpeg: Path) -> MachineHealth:
    settings = msgspec.structs.replace(settings, ffmpeg_bin=str(ffmpeg))
    storage = LocalStorage(settings.media_path, reserve_bytes=settings.disk_reserve_bytes)
    storage.prepare()
    settings.work_path.mkdir()
    return MachineHealth(settings, WorkPlace.of(settings, storage), world.sessions, name="w")


@pytest.fixture
async def manager(world: World, machine: MachineHealth) -> AsyncIterator[CarefulManager]:
    connector = LateConnector()
    connector.connect_to(world.url)
    await connector.open_async()
    manager = CarefulManager(connector)
    manager.able, manager.name, manager.queues = machine.able, machine.name, None
    yield manager
    await connector.close_async()


async def test_a_job_comes_with_its_plan_and_with_what_the_machine_has(
    world: World, manager: CarefulManager, machine: MachineHealth
) -> None:
    job_id = await world.job()
    found = await manager.fetch_job(None, await manager.register_worker())
    assert found is not None
    assert found.task_kwargs["job_id"] == str(job_id)
    assert manager.plan is not None
    assert machine.look is not None


async def test_a_machine_that_cannot_work_asks_for_nothing(
    world: World, manager: CarefulManager, machine: MachineHealth, ffmpeg: Path
) -> None:
    worker_id = await manager.register_worker()
    await world.job()
    ffmpeg.unlink()
    assert (await manager.fetch_job(None, worker_id), manager.fetched) == (None, False)
    assert machine.trouble is not None
    assert machine.trouble.code == "cannot_start"


async def test_a_disk_that_does_not_answer_keeps_nobody_waiting(
    world: World, manager: CarefulManager, machine: MachineHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One behind a network whose server is away: whoever asks it waits until it is back."""
    worker_id, back = await manager.register_worker(), threading.Event()
    await world.job()
    monkeypatch.setattr(machine_health, "GLANCE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(disk_space, "free_bytes", lambda _: back.wait() and 0)
    try:
        assert (await manager.fetch_job(None, worker_id), manager.fetched) == (None, False)
    finally:
        back.set()
    assert machine.trouble is not None
    assert machine.trouble.code == "storage"


async def test_another_folder_at_the_place_of_the_media_is_no_place_to_work(
    machine: MachineHealth, settings: Settings
) -> None:
    """The one below the mount shows when a disk is gone: what is made there nobody would find."""
    LocalStorage(settings.media_path, reserve_bytes=0).identify(uuid.uuid4())
    assert await machine.examine()
    settings.media_path.rename(gone := settings.media_path.with_name("gone"))
    settings.media_path.mkdir()
    assert not await machine.examine()
    assert machine.trouble is not None
    assert machine.trouble.detail == "MEDIA_ROOT is not the folder that it was: is its disk mounted?"
    settings.media_path.rmdir()
    gone.rename(settings.media_path)
    assert await machine.examine()

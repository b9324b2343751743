"""A worker none of whose parts dies unseen: what it cannot go on without ends it, and whoever supervises it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reelwright_worker.queue_worker import DrainingWorker, SideTaskFailed, WorkerApp
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S


@pytest.fixture
async def app(world: World) -> AsyncIterator[WorkerApp]:
    """On the test's own database, with no tasks and no machine to look at."""

    async def able() -> bool:
        return True

    def nothing_of_its_own(*_: object) -> Any:
        raise AssertionError("it runs on what it is given")

    app = WorkerApp(database=nothing_of_its_own, resources=nothing_of_its_own, defaults=dict)
    app.connector.connect_to(world.url)
    await app.connector.open_async()
    app.job_manager.able, app.job_manager.name = able, "w"
    yield app
    await app.connector.close_async()


async def test_a_heartbeat_that_dies_ends_the_worker(
    app: WorkerApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without one it would be struck off while it works. The stock worker goes on, and exits with 0."""

    async def dies(_: DrainingWorker) -> None:
        raise ZeroDivisionError("of the heart")

    monkeypatch.setattr(DrainingWorker, "_update_heartbeat", dies)
    worker = DrainingWorker(app=app, concurrency=1, queues=None, install_signal_handlers=False)
    with pytest.raises(SideTaskFailed) as failed:
        await asyncio.wait_for(worker.run(), PATIENCE_S)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
    assert "side task update_heartbeats failed, stopping the worker" in caplog.messages

"""The service as an operator runs it: embedded PostgreSQL, default settings, one API and one worker process."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.processes import TreeTime
from reelwright.db.connection_pool import create_engine
from reelwright.db.embedded import acquire
from reelwright.db.migrate import upgrade
from reelwright.jobs.job_events import CHANNEL
from reelwright.library.drawn_files import image_key
from reelwright.media.ffmpeg import executable
from reelwright.settings_reader import parse
from tests.support.processes import Process
from tests.support.service import FINAL, Service

JOB_PATIENCE_S = 600
CLEARING_UP_S = 0.1


class Commits:
    """When the transactions that changed a job were committed, as the database tells whoever listens."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._connection = connection
        self._times_s: dict[str, list[float]] = defaultdict(list)
        self._news = asyncio.Event()

    def heard(self, *notification: object) -> None:
        self._times_s[str(notification[-1])].append(time.perf_counter())
        self._news.set()

    async def of(self, job_id: str) -> list[float]:
        """On the clock of `time.perf_counter`: PENDING, STARTED, the recipe, progress, the end."""
        await self._connection.execute("SELECT 1")  # what was told before the answer has arrived with it
        return self._times_s[job_id]

    async def begun(self, job_id: str) -> None:
        """Return once a worker has the job. Nobody is asked, and nothing else done meanwhile."""
        async with asyncio.timeout(JOB_PATIENCE_S):
            while len(self._times_s[job_id]) < 2:
                self._news.clear()
                await self._news.wait()

    async def final(self, service: Service, job_id: str) -> dict[str, Any]:
        """The job, once it has ended; it is looked at only when there is news, so that looking costs little."""
        async with asyncio.timeout(JOB_PATIENCE_S):
            while True:
                self._news.clear()
                job = await service.job(job_id)
                if job["status"] in FINAL:
                    break
                await self._news.wait()
        if job["status"] != "SUCCESS":
            raise RuntimeError(f"the job failed: {job['error']}")
        return job


@dataclass(frozen=True, slots=True)
class Running:
    service: Service
    worker: Process
    commits: Commits

    async def done(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The job that a request asks for, once it has ended."""
        response = await self.service.client.post(path, json=body)
        response.raise_for_status()
        return await self.commits.final(self.service, response.json()["job_id"])

    def argv(self, job: dict[str, Any], *, source: Path, target: Path) -> list[str]:
        """The job's one ffmpeg command, bare. Layers are pictures."""
        (command,) = job["commands"]
        slots = {"<in0>": f"file:{source}", "<out0>": f"file:{target}"}
        layers = (layer for step in job["plan"]["steps"] for layer in step.get("layers", ()))
        for number, layer in enumerate(layers, start=1):
            picture = self.service.settings.media_path / image_key(layer["facts"]["sha256"])
            slots[f"<in{number}>"] = f"file:{picture}"
        return [str(executable.ffmpeg_path(self.service.settings)), *(slots.get(word, word) for word in command[1:])]

    def stored(self, video: dict[str, Any]) -> Path:
        return self.service.settings.media_path / str(video["stored_path"])


@asynccontextmanager
async def running(folder: Path, **more: str) -> AsyncIterator[Running]:
    """A service of its own, with everything that it keeps below `folder`. `more`: settings that are not the default."""
    database = await asyncio.to_thread(acquire, folder / "postgres", grace_s=0)
    try:
        engine = create_engine(database.url, application_name="benchmarks")
        await upgrade(engine)
        await engine.dispose()
        settings = parse(
            {
                "APP_ENV": "test",
                "DATABASE_URL": database.url,
                "MEDIA_ROOT": str(folder / "media"),
                "REUSE_RESULTS": "false",  # every round is work
                **more,
            }
        )
        connection = await asyncpg.connect(database.url)
        try:
            commits = Commits(connection)
            await connection.add_listener(CHANNEL, commits.heard)
            async with Service(settings, folder).running() as service, service.worker() as worker:
                yield Running(service, worker, commits)
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(database.release)


def processor_s(live: Running) -> float:
    """Of the API, which draws, and of the worker, with all their children."""
    return sum(time.ours_s + time.waited_s for time in map(TreeTime.of, (live.service.api.pid, live.worker.pid)))


async def processor_since(live: Running, before: float) -> float:
    await asyncio.sleep(CLEARING_UP_S)  # what the worker does after its commit counts as well
    return processor_s(live) - before

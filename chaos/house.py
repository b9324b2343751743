"""The service under test: a database, an API and workers, which are started again whenever they end."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from reelwright.db.connection_pool import create_engine
from reelwright.db.embedded import acquire
from reelwright.db.migrate import upgrade
from reelwright.settings_reader import parse
from tests.support.processes import Process
from tests.support.service import Service

WORKERS = ("worker 1", "worker 2")
DISK_BYTES = 192 * 2**20
STARTED_AGAIN_AFTER_S = 0.3
SHORT_CLOCKS = {
    "APP_ENV": "test",
    "DISK_RESERVE_BYTES": "1048576",
    "LEASE_S": "4",
    "REAP_INTERVAL_S": "1",
    "ORPHAN_GRACE_S": "20",  # longer than an API and a database that are frozen may keep a request from its commit
    "SHUTDOWN_GRACE_S": "1",
    "UPLOAD_IDLE_TIMEOUT_S": "5",
    "WEBHOOK_TIMEOUT_S": "2",
    "IMPORT_STALL_TIMEOUT_S": "10",
    "MAX_CONCURRENT_JOBS": "2",
    "MAX_FAILURES": "50",  # an ffmpeg that is killed from outside counts as the job's failure: it may have been memory
    "OUTBOUND_ALLOWED": "127.0.0.1",
    "OUTBOUND_PORTS": "80,443,1024-65535",
}


class Slot:
    """A process that is started again whenever it ends, as a supervisor does."""

    def __init__(self, name: str, start: Callable[[], Awaitable[Process]]) -> None:
        self.name = name
        self.process: Process | None = None
        self.starts = 0
        self._start = start

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self.process = await self._start()
            except (AssertionError, TimeoutError):  # while the database is away, or it was killed as it started
                await asyncio.sleep(STARTED_AGAIN_AFTER_S)
                continue
            self.starts += 1
            await self.process.process.wait()
            self.process = None
            await asyncio.sleep(STARTED_AGAIN_AFTER_S)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send(number)


class Disk:
    """A small file system of the service's own, which can be filled: a tmpfs, where one may be mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.why_not = ""
        """Why it cannot be filled; empty: it can."""
        self._filler = folder / "filler"

    @contextmanager
    def mounted(self) -> Iterator[None]:
        self.folder.mkdir()
        options = f"size={DISK_BYTES},mode=0711"
        mounting = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)], capture_output=True, text=True
        )
        if mounting.returncode != 0:
            self.why_not = f"no small file system can be mounted here: {mounting.stderr.strip()}"
        try:
            yield
        finally:
            if not self.why_not:
                subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def fill(self) -> None:
        """Take all that is left."""
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(2**20))

    def empty(self) -> None:
        self._filler.unlink(missing_ok=True)


class House:
    """`slots` by their names: "api" and the workers."""

    def __init__(self, service: Service, database_home: Path, disk: Disk) -> None:
        self.service = service
        self.disk = disk
        self.database_home = database_home
        workers = {name: Slot(name, service.start_worker) for name in WORKERS}
        self.slots = {"api": Slot("api", service.start_api), **workers}

    def postmaster(self) -> int | None:
        """The process id of the database server; None while there is none."""
        for file in self.database_home.glob("data-*/postmaster.pid"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                return int(file.read_text().split()[0])
        return None

    async def answers(self) -> None:
        """Wait until the API does."""
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await self.service.client.get("/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """A service with everything that it keeps below `folder`; it has ended in the end."""
    disk, home = Disk(folder / "disk"), folder / "database"
    async with AsyncExitStack() as stack:
        stack.enter_context(disk.mounted())
        database = await asyncio.to_thread(acquire, home, grace_s=0)
        stack.push_async_callback(asyncio.to_thread, database.release)
        engine = create_engine(database.url, application_name="chaos")
        await upgrade(engine)
        await engine.dispose()
        media = disk.folder / "media"
        settings = parse({**SHORT_CLOCKS, "DATABASE_URL": database.url, "MEDIA_ROOT": str(media)})
        service = Service(settings, folder)
        service.client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=service.url, timeout=10, trust_env=False)
        )
        made = House(service, home, disk)
        keeping = [asyncio.create_task(slot.keep(), name=slot.name) for slot in made.slots.values()]
        try:
            await made.answers()
            yield made
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            ending = [slot.process for slot in made.slots.values() if slot.process is not None]
            await asyncio.gather(*(process.end() for process in ending))
            if disk.why_not:
                shutil.rmtree(disk.folder, ignore_errors=True)

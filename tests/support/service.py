"""A real service under test: API and worker processes, and a client that knows the routes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict

import asyncpg
import httpx
import msgspec

from reelwright.cancellation import set_within
from reelwright.jobs.job_events import CHANNEL
from reelwright.settings import Settings
from tests.support.processes import PATIENCE_S, Process, start

UNKNOWN = "0199f0d2-7a51-7c3e-9b60-3f1f1a2b4c5d"
"""An id that nothing has."""

KEPT = {"PATH", "HOME", "LANG"}
"""Variables of our own that processes under test get, too."""

LOST = (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InterfaceError, OSError)
"""What is raised where the session is gone."""

FINAL = {"SUCCESS", "FAILURE", "CANCELLED"}
STATUS = "SELECT status FROM jobs WHERE id = $1::uuid"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(settings: Settings, **extra: str) -> dict[str, str]:
    """The variables that give a process these settings."""
    values = {
        name.upper(): ",".join(value) if isinstance(value, tuple) else str(value)
        for name, value in msgspec.structs.asdict(settings).items()
    }
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COVERAGE_")}
    return {**kept, **values, "PYTHONWARNINGS": "default", **extra}


def http_client(url: httpx.URL | str = "", **more: Any) -> httpx.AsyncClient:
    """Of what is asked without TLS: to load whom to trust takes longer than most requests."""
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False, verify=False, **more)


class Ended(NamedTuple):
    """What a command wrote to its two outputs, and its exit status."""

    status: int
    output: str
    errors: str


class Service:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = msgspec.structs.replace(settings, app_port=free_port())
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.settings.app_port}"
        self.client: httpx.AsyncClient
        self.api: Process
        self.uploaded: dict[str, str] = {}
        """SHA-256 of what was uploaded, by video."""
        self._workers = 0
        self._asking = asyncio.Lock()
        self._database: asyncpg.Connection[asyncpg.Record] | None = None
        self._waiting: dict[str, list[asyncio.Event]] = {}

    async def start(self, name: str, *argv: str, **extra: str) -> Process:
        return await start(
            argv,
            environment=environment(self.settings, **extra),
            folder=self.folder,
            log=self.folder / f"{name}.log",
        )

    async def command(self, *argv: str) -> Ended:
        """Run `reelwright ...` to its end, whatever that is, as long as it is no traceback."""
        with tempfile.TemporaryDirectory() as folder:
            output, errors = Path(folder, "output"), Path(folder, "errors")
            process = await start(
                ("-m", "reelwright", *argv),
                environment=environment(self.settings),
                folder=self.folder,
                log=errors,
                output=output,
            )
            status = await asyncio.wait_for(process.process.wait(), PATIENCE_S)
            ended = Ended(status, output.read_text(), errors.read_text())
        assert "Traceback" not in ended.errors, ended
        return ended

    async def start_api(self, **extra: str) -> Process:
        api = await self.start("api", "-m", "reelwright", "serve", **extra)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if (await self.client.get("/health")).status_code == 200:
                        return api
                except httpx.TransportError:
                    if api.process.returncode is not None:
                        raise AssertionError(f"the API ended:\n{api.log.read_text()}") from None
                    await asyncio.sleep(0.05)

    @asynccontextmanager
    async def running(self, **extra: str) -> AsyncIterator[Service]:
        async with http_client(self.url) as self.client:
            self.api = await self.start_api(**extra)
            try:
                yield self
            finally:
                await self.api.end()
                if self._database is not None:
                    self._database.terminate()

    def use_first_key(self) -> None:
        """Ask with the key that the API printed as it first started with AUTH=keys."""
        first = next(word for word in self.api.log.read_text().split() if word.startswith("rw_"))
        self.client.headers["Authorization"] = f"Bearer {first}"

    async def start_worker(self, **extra: str) -> Process:
        """A worker process, started as operators do."""
        self._workers += 1
        worker = await self.start(
            f"worker{self._workers}",
            *("-m", "procrastinate", "--app=reelwright_worker.app.app", "--log-level=info", "worker"),
            **extra,
        )
        async with asyncio.timeout(PATIENCE_S):
            while "worker ready" not in worker.log.read_text():
                if worker.process.returncode is not None:
                    raise AssertionError(f"the worker ended:\n{worker.log.read_text()}")
                await asyncio.sleep(0.05)
        return worker

    @asynccontextmanager
    async def worker(self, **extra: str) -> AsyncIterator[Process]:
        worker = await self.start_worker(**extra)
        try:
            yield worker
        finally:
            if worker.process.returncode is None:
                await worker.end()

    async def upload(self, path: Path, *, filename: str | None = None) -> dict[str, Any]:
        with path.open("rb") as file:
            response = await self.client.post("/videos/upload", files={"file": (filename or path.name, file)})
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        self.uploaded[found["id"]] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    async def trim(self, video_id: str, start: float | str, end: float | str, **more: Any) -> str:
        response = await self.client.post("/trim", json={"video_id": video_id, "start": start, "end": end, **more})
        assert response.status_code == 202, response.text
        job_id: str = response.json()["job_id"]
        return job_id

    async def refused(self, path: str, body: dict[str, Any]) -> set[str]:
        """Where a request is wrong, by the 422 that it is answered with."""
        document = problem(await self.client.post(path, json=body), 422, "invalid_input")
        return {error["pointer"] for error in document["errors"]}

    async def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.client.get(f"/jobs/{job_id}")).json()
        return found

    async def status(self, job_id: str) -> str:
        found: str = (await self.client.get(f"/status/{job_id}")).json()["status"]
        return found

    async def until(self, job_id: str, *statuses: str, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """The job, once it has one of the statuses (default: any final one). Its row is looked at when there is news of
        it, and now and then: the session that hears of it may be ended, as tests do to all that there are."""
        wanted = set(statuses) or FINAL
        deadline = time.monotonic() + within_s
        async with self._news_of(job_id) as news:
            while (status := await self._state(job_id)) not in wanted:
                if time.monotonic() > deadline or status in FINAL:
                    raise AssertionError(f"wanted {wanted}, is {await self.job(job_id)}\n{self.logs()}")
                await set_within(news, 1)
                news.clear()
        return await self.job(job_id)

    async def _state(self, job_id: str) -> str:
        if self.settings.uses_embedded_database:  # which the API alone can find
            return await self.status(job_id)
        state: str = (await self.sql(STATUS, job_id))[0]["status"]
        return state

    @asynccontextmanager
    async def _news_of(self, job_id: str) -> AsyncIterator[asyncio.Event]:
        """Set whenever the database notifies of the job."""
        news = asyncio.Event()
        if not self.settings.uses_embedded_database:
            with suppress(*LOST):
                async with self._asking:
                    await self._session()
        self._waiting.setdefault(job_id, []).append(news)
        try:
            yield news
        finally:
            self._waiting[job_id].remove(news)

    def _heard(self, connection: object, pid: int, channel: str, job_id: object) -> None:
        for news in self._waiting.get(str(job_id), ()):
            news.set()

    async def hear(self, job_id: str, client: httpx.AsyncClient) -> None:
        """Have the client listen to a job that waits until it hears something: the stream goes on."""
        async with client.stream("GET", f"/jobs/{job_id}/events") as answer, asyncio.timeout(PATIENCE_S):
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.aiter_lines()
            while not (await anext(lines)).startswith("data:"):
                pass
            assert await self.status(job_id) == "PENDING"

    async def result(self, job_id: str, **query: str) -> Path:
        """The job's result, downloaded."""
        response = await self.client.get(f"/result/{job_id}", params=query)
        assert response.status_code == 200, response.text
        path = self.folder / f"{job_id}{''.join(query.values())}.mp4"
        path.write_bytes(response.content)
        return path

    async def sql(self, query: str, *arguments: object) -> list[Mapping[str, Any]]:
        """The rows, by a connection that is kept: a new one takes five times as long as most that is asked."""
        async with self._asking:
            if self._database is not None and not self._database.is_closed():
                try:
                    return [dict(row) for row in await self._database.fetch(query, *arguments)]
                except LOST:
                    self._database.terminate()  # it was ended since, as tests do to all that there are
            return [dict(row) for row in await (await self._session()).fetch(query, *arguments)]

    async def _session(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._database is None or self._database.is_closed():
            self._database = await asyncpg.connect(self.settings.configured_database_url, statement_cache_size=0)
            await self._database.add_listener(CHANNEL, self._heard)
        return self._database

    def stored(self) -> set[str]:
        """Every file under the media root's public folders."""
        root = self.settings.media_path
        return {
            path.relative_to(root).as_posix()
            for folder in ("uploads", "processed")
            for path in (root / folder).rglob("*")
            if path.is_file()
        }

    def logs(self) -> str:
        return "\n".join(f"--- {path.name}\n{path.read_text()[-4000:]}" for path in self.folder.glob("*.log"))


class ProblemField(TypedDict):
    pointer: str
    detail: str
    code: NotRequired[str]


class Problem(TypedDict):
    """What an answer of `application/problem+json` holds."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: NotRequired[list[ProblemField]]
    error_id: NotRequired[str]
    job_ids: NotRequired[list[str]]


def problem(response: httpx.Response, status: int, code: str) -> Problem:
    """The problem document that a refusal must be."""
    kind = response.headers["content-type"]
    assert response.status_code == status, f"{response.status_code}, {kind}: {response.text[:2000]}"
    assert kind == "application/problem+json"
    document: Problem = response.json()
    assert (document["status"], document["code"]) == (status, code), document
    assert document["detail"]
    return document

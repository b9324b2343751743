"""Keys: what it costs the API to ask for one, beside a service that asks nobody.

What is added is a fiftieth of what a request costs, and lost in the noise of a machine that does other things too. So
the door is measured alone as well: the middleware that finds out whom a request is from, around an application that
does nothing. Noise makes that dearer and never cheaper: of many rounds the cheapest is right.
"""

from __future__ import annotations

import asyncio
import http.client
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import msgspec

from benchmarks import clips
from benchmarks.processes import own_s
from benchmarks.report import Figure
from benchmarks.running import running
from reelwright.access.grants import Grants
from reelwright.access.keyring import Keyring
from reelwright.access.purposes import Purpose
from reelwright.api.http.authorization import Authorization
from reelwright.api.http.delegation import open_to
from reelwright.db.database import create_engine
from reelwright.db.sessions import Sessions
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.short_queries import ShortQueries
from tests.support.service import Service

ROUNDS = 20
CALLS_A_ROUND = 25
DOOR_ROUNDS = 200
LIMIT_MS = 0.1
PLENTY = 10**9
"""A limit that is looked at and never reached."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask for the same."""

    name: str
    service: Service
    path: str
    authorization: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.authorization is None else {"Authorization": f"Bearer {self.authorization}"}


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.encoded, folder / "tiny.mp4", size="160x90", duration_s=1)
    async with running(folder) as live:
        asks_nobody = live.service
        video = await asks_nobody.upload(clip)
        job_id = await asks_nobody.trim(video["id"], 0, 0.2)
        variant_id = (await live.commits.final(asks_nobody, job_id))["outputs"][0]["variant_id"]
        (folder / "keys").mkdir()
        guarded = Service(msgspec.structs.replace(asks_nobody.settings, auth="keys"), folder / "keys")
        async with guarded.running():
            admin = next(line for line in guarded.api.log.read_text().split() if line.startswith("rw_"))
            guarded.client.headers["Authorization"] = f"Bearer {admin}"
            key = await _made(guarded.client, "/keys", "key", name="plain")
            limited = await _made(
                guarded.client, "/keys", "key", name="limited", limits={"requests_per_minute": PLENTY}
            )
            reads = await _made(guarded.client, "/tokens", "token", purpose="read", job_id=job_id)
            signed = await _made(guarded.client, "/tokens", "url", purpose="download", variant_id=variant_id)
            status, job, file = f"/status/{job_id}", f"/jobs/{job_id}", f"/variants/{variant_id}/download"
            figures = await _door(asks_nobody.settings.configured_database_url, job_id, key, limited, reads)
            for what, plain, *others in (
                (
                    "GET /status/{id}",
                    Way("nobody asked", asks_nobody, status),
                    Way("a key", guarded, status, key),
                    Way("a key with a limit of requests", guarded, status, limited),
                    Way("a token", guarded, status, reads),
                ),
                (
                    "GET /jobs/{id}",
                    Way("nobody asked", asks_nobody, job),
                    Way("a key", guarded, job, key),
                    Way("a token", guarded, job, reads),
                ),
                (
                    "a small download",
                    Way("nobody asked", asks_nobody, file),
                    Way("a key", guarded, file, key),
                    Way("a signed address", guarded, signed),
                ),
            ):
                figures += await asyncio.to_thread(_compared, what, plain, others)
    return figures


async def _made(client: httpx.AsyncClient, path: str, field: str, **wanted: object) -> str:
    answer = await client.post(path, json=wanted)
    made: Mapping[str, str] = answer.raise_for_status().json()
    return made[field]


def _compared(what: str, plain: Way, others: list[Way]) -> list[Figure]:
    """In turns, so that what else the machine does is shared evenly."""
    ways = [plain, *others]
    connections = [http.client.HTTPConnection("127.0.0.1", way.service.settings.app_port, timeout=30) for way in ways]
    taken_ms: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, connection, taken in zip(ways, connections, taken_ms, strict=True):
            taken.append(_round_ms(way, connection))
    for connection in connections:
        connection.close()
    figures = [Figure(f"{what}, {plain.name}: processor time of the API", statistics.median(taken_ms[0]), "ms")]
    for way, taken in zip(others, taken_ms[1:], strict=True):
        more = [with_it - without for with_it, without in zip(taken, taken_ms[0], strict=True)]
        figures.append(Figure.median(f"  added by {way.name}", more, "ms", limit=LIMIT_MS))
    return figures


def _round_ms(way: Way, connection: http.client.HTTPConnection) -> float:
    """What one call of a round cost the API."""
    pid = way.service.api.pid
    before_s = own_s(pid)
    for _ in range(CALLS_A_ROUND):
        connection.request("GET", way.path, headers=way.headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{way.path} by {way.name}: status {answer.status}")
    return 1000 * (own_s(pid) - before_s) / CALLS_A_ROUND


async def _door(database_url: str, job_id: str, key: str, limited: str, token: str) -> list[Figure]:
    """The middleware alone, for requests to a route that the token opens."""
    engine = create_engine(database_url, application_name="benchmarks")
    look = ShortQueries(JobNotifier(database_url), engine).fetch
    keyring = Keyring(Sessions(engine), look)
    grants = Grants(look, keyring)
    door = Authorization(_nothing)  # type: ignore[arg-type]
    figures = []
    for name, asked, brought in (
        ("nobody asked", None, None),
        ("a key", keyring, key),
        ("a key with a limit of requests", keyring, limited),
        ("a token", keyring, token),
    ):
        services = SimpleNamespace(keyring=asked, grants=grants)
        headers = [(b"host", b"localhost"), (b"accept", b"*/*"), (b"user-agent", b"benchmarks")]
        if brought is not None:
            headers.append((b"authorization", f"Bearer {brought}".encode()))
        scope = {
            "type": "http",
            "method": "GET",
            "query_string": b"",
            "path_params": {"job_id": uuid.UUID(job_id)},
            "headers": headers,
            "route_handler": SimpleNamespace(opt=open_to(Purpose.READ)),
            "litestar_app": SimpleNamespace(state=SimpleNamespace(services=services)),
        }
        rounds_s = []
        for _ in range(DOOR_ROUNDS):
            before_s = time.thread_time()
            for _ in range(CALLS_A_ROUND):
                await door(scope, None, _unheard)  # type: ignore[arg-type]
            rounds_s.append((time.thread_time() - before_s) / CALLS_A_ROUND)
        figures.append(Figure(f"the door alone, {name}", 1000 * min(rounds_s), "ms", LIMIT_MS if brought else None))
    await engine.dispose()
    return figures


async def _nothing(_: object, __: object, send: Callable[[Mapping[str, object]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def _unheard(_: object) -> None:
    pass

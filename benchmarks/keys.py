"""Keys: what it costs the API to ask for one, beside a service that asks nobody.

What is added is a fiftieth of what a request costs, and lost in the noise of a machine that does other things too, and
in what two processes differ by. So the whole application, without a network, is asked in one, with keys and without in
turns.
The door is measured alone as well: the middleware that finds out whom a request is from, around an application that
does nothing. Noise makes that dearer and never cheaper: of many rounds the cheapest is right.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import httpx
import msgspec
from litestar import Litestar

from benchmarks import clips
from benchmarks.report import Figure
from benchmarks.running import running
from reelwright.access.key_lookup import Keyring
from reelwright.access.token_lookup import Grants
from reelwright.access.token_purposes import Purpose
from reelwright.api.app import create_app
from reelwright.api.context import Services
from reelwright.api.http.authorization import Authorization
from reelwright.api.http.token_authorization import open_to
from reelwright.db.connection_pool import create_engine
from reelwright.db.sessions import Sessions
from reelwright.jobs.notifier import JobNotifier
from reelwright.jobs.short_queries import ShortQueries
from tests.support.service import Service

ROUNDS = 30
CALLS_A_ROUND = 40
DOOR_ROUNDS = 200
LIMIT_MS = 0.1
PLENTY = 10**9
"""A limit that is looked at and never reached."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to ask for the same."""

    name: str
    services: Services
    path: str
    authorization: str | None = None

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        return [] if self.authorization is None else [(b"authorization", f"Bearer {self.authorization}".encode())]


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
            guarded.use_first_key()
            key = await _made(guarded.client, "/keys", "key", name="plain")
            limited = await _made(
                guarded.client, "/keys", "key", name="limited", limits={"requests_per_minute": PLENTY}
            )
            reads = await _made(guarded.client, "/tokens", "token", purpose="read", job_id=job_id)
            signed = await _made(guarded.client, "/tokens", "url", purpose="download", variant_id=variant_id)
        status, job, file = f"/status/{job_id}", f"/jobs/{job_id}", f"/variants/{variant_id}/download"
        figures = await _door(asks_nobody.settings.configured_database_url, job_id, key, limited, reads)
        app = create_app(guarded.settings)
        async with app.lifespan():
            keys: Services = app.state.services
            nobody = replace(keys, keyring=None)
            for what, plain, *others in (
                (
                    "GET /status/{id}",
                    Way("nobody asked", nobody, status),
                    Way("a key", keys, status, key),
                    Way("a key with a limit of requests", keys, status, limited),
                    Way("a token", keys, status, reads),
                ),
                (
                    "GET /jobs/{id}",
                    Way("nobody asked", nobody, job),
                    Way("a key", keys, job, key),
                    Way("a token", keys, job, reads),
                ),
                (
                    "a small download",
                    Way("nobody asked", nobody, file),
                    Way("a key", keys, file, key),
                    Way("a signed address", keys, signed),
                ),
            ):
                figures += await _compared(app, what, plain, others)
    return figures


async def _made(client: httpx.AsyncClient, path: str, field: str, **wanted: object) -> str:
    answer = await client.post(path, json=wanted)
    made: Mapping[str, str] = answer.raise_for_status().json()
    return made[field]


async def _compared(app: Litestar, what: str, plain: Way, others: list[Way]) -> list[Figure]:
    """In turns, so that what else the machine does is shared evenly."""
    ways = [plain, *others]
    taken_ms: list[list[float]] = [[] for _ in ways]
    for way in ways:
        await _round_ms(app, way)
    for number in range(ROUNDS):
        pairs = list(zip(ways, taken_ms, strict=True))
        for way, taken in pairs if number % 2 else reversed(pairs):
            taken.append(await _round_ms(app, way))
    figures = [Figure(f"{what}, {plain.name}: processor time", statistics.median(taken_ms[0]), "ms")]
    for way, taken in zip(others, taken_ms[1:], strict=True):
        more = [with_it - without for with_it, without in zip(taken, taken_ms[0], strict=True)]
        figures += [
            Figure.median(f"  added by {way.name}", more, "ms", limit=LIMIT_MS),
            Figure("    of the cheapest rounds", min(taken) - min(taken_ms[0]), "ms", LIMIT_MS),
        ]
    return figures


async def _round_ms(app: Litestar, way: Way) -> float:
    """What one call of a round cost."""
    app.state.services = way.services
    before_s = time.process_time()
    for _ in range(CALLS_A_ROUND):
        await _call(app, way)
    return 1000 * (time.process_time() - before_s) / CALLS_A_ROUND


async def _call(app: Litestar, way: Way) -> None:
    status = 0

    async def send(message: Mapping[str, object]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "root_path": "",
        "path": way.path,
        "raw_path": way.path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"accept", b"*/*"), (b"user-agent", b"benchmarks"), *way.headers],
        "state": {},
        "extensions": {},
    }
    await app(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]
    if status != 200:
        raise RuntimeError(f"{way.path} by {way.name}: status {status}")


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

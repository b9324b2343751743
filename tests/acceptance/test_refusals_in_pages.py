"""What is refused before the application can be read by a page of an origin that is allowed: every refusal there is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from reelwright.api.http import connection, host_and_origin, open_connections
from reelwright.api.http.open_connections import Refusal
from reelwright.errors import ReelwrightError
from reelwright.settings import Settings
from tests.support.processes import PATIENCE_S
from tests.support.service import Service

PAGE = "https://app.example"
HOST, ORIGIN = b"Host: localhost\r\n", f"Origin: {PAGE}\r\n".encode()
GET = b"GET /health HTTP/1.1\r\n"
HEADS = {
    "_NOT_HTTP": GET + HOST + ORIGIN + b"no header\r\n\r\n",
    "_LONG_URL": b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HOST + ORIGIN + b"\r\n",
    "_LONG_HEAD": GET + HOST + ORIGIN + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
    "_SLOW_HEAD": GET + HOST + ORIGIN,
    "Malformed": GET + HOST + HOST + ORIGIN + b"\r\n",
    "Misdirected": GET + b"Host: evil.test\r\n" + ORIGIN + b"\r\n",
}
"""By the name that the refusal has in the code: what brings it about."""
CROWDS = {"TooManyRequests": 429, "MAX_CONNECTIONS_PER_ADDRESS": 429, "MAX_CONNECTIONS": 503}
TO_NO_PAGE = {"CrossOrigin", "_CROWDED_PIPELINE"}
"""Who is told the one is no page of an origin that is allowed; of the other nobody is told, amid answers that were
asked for before, and browsers send nothing of the kind."""


def known_refusals() -> set[str]:
    """Those of a connection, and of the gate behind it, by their names in the code."""
    heads = {name for name, value in vars(connection).items() if isinstance(value, Refusal)}
    gate = {
        name
        for name, value in (vars(host_and_origin) | vars(open_connections)).items()
        if isinstance(value, type) and issubclass(value, ReelwrightError) and value is not ReelwrightError
    }
    return heads | gate - {"Busy"}


def test_each_refusal_has_its_test() -> None:
    assert {*HEADS, "TooManyRequests"} | TO_NO_PAGE == known_refusals()


@asynccontextmanager
async def serving(settings: Settings, folder: Path, **more: object) -> AsyncIterator[Service]:
    open_to_page = msgspec.structs.replace(settings, cors_origins=(PAGE,), request_timeout_s=1.0, **more)
    async with Service(open_to_page, folder).running() as service:
        yield service


@asynccontextmanager
async def connected(service: Service) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.app_port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def answered(service: Service, sent: bytes) -> tuple[int, dict[str, str], dict[str, object]]:
    """The only answer, or the last of several."""
    async with connected(service) as (reader, writer), asyncio.timeout(PATIENCE_S):
        writer.write(sent)
        received = await reader.read()
    head, _, body = received[received.rindex(b"HTTP/1.1 ") :].partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, json.loads(body)


def assert_readable(status: int, headers: dict[str, str], document: dict[str, object]) -> None:
    assert document["status"] == status
    assert headers["access-control-allow-origin"] == PAGE
    assert "Retry-After" in headers["access-control-expose-headers"]
    assert headers["cache-control"] == "no-store"


async def test_a_page_that_is_allowed_reads_every_refusal(settings: Settings, tmp_path: Path) -> None:
    async with serving(settings, tmp_path) as service:
        for name, sent in HEADS.items():
            found = await answered(service, sent)
            refusal = getattr(connection, name, None) or getattr(host_and_origin, name)
            assert found[2]["code"] == refusal.code, name
            assert_readable(*found)
            _, headers, _ = await answered(service, sent.replace(b"app.example", b"bad.example"))
            # where the origin had not come yet, the one that is allowed is named
            assert headers.get("access-control-allow-origin", PAGE) == PAGE, name
        preflight = {"Host": "evil.test", "Origin": PAGE, "Access-Control-Request-Method": "POST"}
        answer = await service.client.options("/trim", headers=preflight)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, PAGE)
        answer = await service.client.options("/trim", headers={**preflight, "Origin": "https://bad.example"})
        assert answer.status_code == 421


@pytest.mark.parametrize("name", CROWDS)
async def test_a_page_that_is_allowed_reads_that_there_is_a_crowd(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    """A connection that is one too many hears why once it has said who asks."""
    most = (
        {"max_connections": 4, "max_connections_per_address": 0}
        if name == "MAX_CONNECTIONS"
        else {"max_connections_per_address": 4}
    )
    forwarded = b"X-Forwarded-For: 203.0.113.1\r\n" if name == "TooManyRequests" else b""
    async with serving(settings, tmp_path, **most) as service, AsyncExitStack() as crowd:
        (job,) = await service.sql("INSERT INTO jobs (id, type) VALUES (gen_random_uuid(), 'trim') RETURNING id")
        follow = f"GET /jobs/{job['id']}/events HTTP/1.1\r\n".encode() + HOST + forwarded + b"\r\n"
        for _ in range(4):
            reader, writer = await crowd.enter_async_context(connected(service))
            writer.write(follow)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        found = await answered(service, GET + HOST + forwarded + ORIGIN + b"\r\n")
        assert found[0] == CROWDS[name]
        assert_readable(*found)
        silent, _ = await crowd.enter_async_context(connected(service))
        if name != "TooManyRequests":  # there it is a connection as any other until it has asked
            async with asyncio.timeout(PATIENCE_S):
                assert (await silent.readline()).startswith(b"HTTP/1.1 %d " % CROWDS[name])


async def test_a_page_reads_what_the_application_refuses(settings: Settings, tmp_path: Path) -> None:
    """Of it a body that is too large, and one that does not come."""
    async with serving(settings, tmp_path, max_upload_bytes=10) as service:
        async with httpx.AsyncClient(base_url=service.url, headers={"Origin": PAGE}) as page:
            large = await page.put("/videos", params={"filename": "a.mp4"}, content=bytes(11))
            assert (large.status_code, large.headers["access-control-allow-origin"]) == (413, PAGE)
        stalled = (
            b"POST /trim HTTP/1.1\r\n" + HOST + ORIGIN + b"Content-Type: application/json\r\nContent-Length: 9\r\n"
        )
        status, headers, _ = await answered(service, stalled + b"\r\n{")
        assert (status, headers["access-control-allow-origin"]) == (408, PAGE)

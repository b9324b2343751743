"""Caddy in front, with the example of deploy/: who has the password is let in; uploads, downloads, events and problems
pass as they are."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, free_port, http_client, problem

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "caddy" / "Caddyfile"
CADDY = Path(sys.executable).with_name("caddy")
PASSWORD = "correct horse"
BEFORE_ANY_LIMIT_S = 25
"""Who waits for more of a body gives up after 30 s, or after a minute."""
CHEAP_HASH = "$2a$04$"
"""How a hash of the lowest cost begins: each new connection has the password hashed anew."""


@dataclass(frozen=True)
class Front:
    """Caddy, and the API behind it."""

    service: Service
    client: httpx.AsyncClient


async def caddy(home: Path, *arguments: str) -> asyncio.subprocess.Process:
    environment = {"PATH": os.defpath, "HOME": str(home), "XDG_DATA_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    return await asyncio.create_subprocess_exec(
        CADDY,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=(home / "caddy.log").open("w"),
    )


async def said(home: Path, *arguments: str) -> str:
    """What a command writes, which has to succeed."""
    process = await caddy(home, *arguments)
    async with asyncio.timeout(PATIENCE_S):
        written, _ = await process.communicate()
    assert process.returncode == 0, (home / "caddy.log").read_text()
    return written.decode().strip()


def configured(port: int, api: str, hashed: str) -> str:
    """The example with its names changed, as an operator would; without certificates, nor a port of its own."""
    text = CONFIGURATION.read_text()
    changes = {
        "{\n\tservers {": "{\n\tadmin off\n\tservers {",
        "video.example.org {": f"http://127.0.0.1:{port} {{",
        "reverse_proxy 127.0.0.1:8000 {": f"reverse_proxy {api} {{",
        "$2a$14$replaceThisByTheOutputOfCaddyHashPassword": hashed,
    }
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def in_front(service: Service, folder: Path) -> AsyncIterator[Front]:
    folder.mkdir()
    hashed = await said(folder, "hash-password", "--plaintext", PASSWORD, "--bcrypt-cost", "4")
    assert hashed.startswith(CHEAP_HASH)
    port = free_port()
    path = folder / "Caddyfile"
    path.write_text(configured(port, urlsplit(service.url).netloc, hashed))
    process = await caddy(folder, "run", "--adapter", "caddyfile", "--config", str(path))
    try:
        url, password = f"http://127.0.0.1:{port}", ("operator", PASSWORD)
        async with http_client(url, auth=password) as client:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    assert process.returncode is None, (folder / "caddy.log").read_text()
                    try:
                        assert (await client.get("/health")).status_code == 200
                        break
                    except httpx.ConnectError:
                        await asyncio.sleep(0.05)
            yield Front(service, client)
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def front(settings: Settings, tmp_path: Path, clip: Path) -> AsyncIterator[Front]:
    settings = msgspec.structs.replace(settings, max_upload_bytes=2 * clip.stat().st_size)
    async with Service(settings, tmp_path).running() as service, in_front(service, tmp_path / "caddy") as front:
        yield front


async def test_the_example_is_valid_as_it_is(tmp_path: Path) -> None:
    """But for the hash, of which it says that it has to be replaced."""
    hashed = await said(tmp_path, "hash-password", "--plaintext", PASSWORD, "--bcrypt-cost", "4")
    path = tmp_path / "Caddyfile"
    path.write_text(CONFIGURATION.read_text().replace("$2a$14$replaceThisByTheOutputOfCaddyHashPassword", hashed))
    await said(tmp_path, "validate", "--adapter", "caddyfile", "--config", str(path))


async def test_who_has_the_password_is_let_in(front: Front) -> None:
    async with http_client(front.client.base_url) as stranger:
        assert (await stranger.get("/videos")).status_code == 401
        assert (await stranger.get("/videos", auth=("operator", "wrong"))).status_code == 401
    assert (await front.client.get("/videos")).json()["total"] == 0


async def test_a_file_is_the_same_answer_through_caddy(front: Front, clip: Path) -> None:
    """Whole files, ranges and conditions, in every header that is the service's."""
    video = await front.service.upload(clip)
    path = video["download_url"]
    etag = (await front.service.client.get(path)).headers["etag"]
    for asked in ({}, {"Range": "bytes=100-999"}, {"If-None-Match": etag}, {"Range": "bytes=9999999-"}):
        direct = await front.service.client.get(path, headers=asked)
        answer = await front.client.get(path, headers=asked)
        assert (answer.status_code, answer.content) == (direct.status_code, direct.content)
        differ = {"date", "server", "via", "x-request-id", "connection"}
        assert {name: value for name, value in answer.headers.items() if name not in differ} == {
            name: value for name, value in direct.headers.items() if name not in differ
        }


async def test_uploads_flow_through(front: Front, clip: Path) -> None:
    """An upload arrives, and goes on where it broke off; one that is too large is refused before any of it is sent."""
    content = clip.read_bytes()
    answer = await front.client.put("/videos", params={"filename": "a.mp4"}, content=content)
    assert answer.status_code == 201
    tus = {"Tus-Resumable": "1.0.0"}
    begun = await front.client.post("/uploads", headers={**tus, "Upload-Length": str(len(content))})
    place, half = begun.headers["location"], len(content) // 2
    for at, part in ((0, content[:half]), (half, content[half:])):
        headers = {**tus, "Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
        answer = await front.client.patch(place, headers=headers, content=part)
        assert answer.status_code == 204, answer.text
    assert "reelwright-video-id" in answer.headers

    address = urlsplit(str(front.client.base_url))
    password = base64.b64encode(f"operator:{PASSWORD}".encode()).decode()
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        head = f"PUT /videos?filename=a.mp4 HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic {password}\r\n"
        writer.write(f"{head}Content-Length: 999999999999\r\n\r\n".encode())
        async with asyncio.timeout(BEFORE_ANY_LIMIT_S):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
    finally:
        writer.transport.abort()
    assert head.startswith("HTTP/1.1 413 ")
    assert "application/problem+json" in head


async def test_events_are_not_held_back(front: Front, clip: Path) -> None:
    """A stream's first event arrives while the stream goes on."""
    job_id = await front.service.trim((await front.service.upload(clip))["id"], 0, 1)
    await front.service.hear(job_id, front.client)


async def test_problems_pass_as_they_are(front: Front) -> None:
    problem(await front.client.get("/videos/none"), 404, "not_found")
    answer = await front.client.post("/trim", json={"video_id": "x"})
    problem(answer, 422, "invalid_input")

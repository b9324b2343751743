"""Memory of the API does not grow with the size of a file: 200 MB go in and out of a server of their own."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get, post

from reelwright.api.http.file_response import FileDownload
from reelwright.api.http.json_body import StrictRequest
from reelwright.api.http.multipart import incoming_file
from reelwright.api.http.problems import EXCEPTION_HANDLERS

SIZE_BYTES = 200 * 10**6
GROWTH_BYTES = 32 * 2**20
BLOCK = os.urandom(2**20)


def make_app() -> Litestar:
    """The server's app; it runs in another process and finds its folder in the environment."""
    path = Path(os.environ["MEMORY_TEST_FILE"])

    @post("/upload", request_max_body_size=None)
    async def upload(request: Request[Any, Any, Any]) -> int:
        async with incoming_file(request, max_file_bytes=10**9, idle_timeout_s=60) as incoming:
            with path.open("wb") as file:
                async for chunk in incoming.chunks():
                    await asyncio.to_thread(file.write, chunk)
        return path.stat().st_size

    @get("/download")
    async def download() -> FileDownload:
        size_bytes = path.stat().st_size
        return FileDownload(path, size_bytes=size_bytes, etag="a", filename="a.mp4", content_type="video/mp4")

    return Litestar(
        [upload, download],
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=StrictRequest,
        openapi_config=None,
        logging_config=None,
    )


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[int, str]]:
    """The process id and address of a server."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        here = Path(__file__)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "uvicorn", "--factory", f"{here.stem}:make_app", "--app-dir", str(here.parent)),
            *("--fd", str(listening.fileno()), "--log-level", "warning", "--no-access-log"),
            pass_fds=[listening.fileno()],
            env={**os.environ, "MEMORY_TEST_FILE": str(tmp_path / "file.mp4")},
        )
        try:
            yield process.pid, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            await process.wait()


def peak_bytes(pid: int) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


async def upload(client: httpx.AsyncClient, size_bytes: int) -> str:
    """Sends a file of so many bytes; returns its SHA-256."""
    digest = hashlib.sha256()

    async def form() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        left = size_bytes
        while left:
            block = BLOCK[:left]
            left -= len(block)
            digest.update(block)
            yield block
        yield b"\r\n--b--\r\n"

    answer = await client.post(
        "/upload", content=form(), headers={"Content-Type": "multipart/form-data; boundary=b"}, timeout=120
    )
    assert (answer.status_code, answer.json()) == (201, size_bytes), answer.text
    return digest.hexdigest()


async def download(client: httpx.AsyncClient) -> str:
    digest = hashlib.sha256()
    async with client.stream("GET", "/download", timeout=120) as answer:
        assert answer.status_code == 200
        async for chunk in answer.aiter_bytes():
            digest.update(chunk)
    return digest.hexdigest()


async def test_a_file_of_200_mb_passes_in_constant_memory(server: tuple[int, str]) -> None:
    """Up and down again, unchanged, with less than 32 MiB more than a small file needs."""
    pid, url = server
    async with httpx.AsyncClient(base_url=url) as client:
        await upload(client, 10**6)
        await download(client)
        before = peak_bytes(pid)
        sent = await upload(client, SIZE_BYTES)
        assert await download(client) == sent
    assert peak_bytes(pid) - before < GROWTH_BYTES

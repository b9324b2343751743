"""A real browser that opens a page of the tests', and what the page reports."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from tests.support import needs

REQUEST = re.compile(r"(GET|POST) /([\w.-]*)")
BROWSERS, REPORTS_WITHIN_S = 2, 80.0


@asynccontextmanager
async def page_server(
    page: Path, scripts: Mapping[str, Path] | None = None, *, port: int = 0
) -> AsyncIterator[tuple[str, asyncio.Future[bytes]]]:
    """A site of its own with a page and scripts, by their names; what the page posts comes as the second value."""
    report: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    files = {"": page, **(scripts or {})}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:  # browsers connect in advance
            writer.close()
            return
        file, kind = None, "text/html"
        asked = REQUEST.match(head)
        if asked and asked[1] == "GET" and (file := files.get(asked[2])) is not None:
            kind = "text/javascript" if file.suffix == ".js" else "text/html; charset=utf-8"
        elif asked and asked[1] == "POST" and (length := re.search(r"(?i)content-length: (\d+)", head)):
            received = await reader.readexactly(int(length[1]))
            if not report.done():
                report.set_result(received)
        size_bytes = 0 if file is None else file.stat().st_size
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size_bytes}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        if file is not None:
            with file.open("rb") as body:
                await asyncio.get_running_loop().sendfile(writer.transport, body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", report


def luma(canvas: str) -> npt.NDArray[np.uint8]:
    """The luma of a canvas that a page posts as a data URL."""
    with av.open(io.BytesIO(base64.b64decode(canvas.partition(",")[2])), "r") as picture:
        return np.ascontiguousarray(next(picture.decode(video=0)).to_ndarray(format="gray"))


@asynccontextmanager
async def browser(url: str, profile: Path) -> AsyncIterator[None]:
    options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")
    process = await asyncio.create_subprocess_exec(
        *(needs.program("chromium"), *options, f"--user-data-dir={profile}", url),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def reported(
    url: str, report: asyncio.Future[bytes], profiles: Path, *, within_s: float = REPORTS_WITHIN_S
) -> Any:
    """Open a page, and return what it posts. A browser that has said nothing for so long says nothing any more: on a
    busy machine it may be that it never shows a frame. A second one is asked then."""
    for number in range(BROWSERS):
        async with browser(url, profiles / f"profile{number}"):
            done, _ = await asyncio.wait([report], timeout=within_s)
        if done:
            return json.loads(report.result())
    raise TimeoutError(f"{BROWSERS} browsers have reported nothing, each within {within_s} s")

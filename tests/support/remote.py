"""Other people's servers: real ones on 127.0.0.1, that answer as they please, and remember who came."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Call:
    """A request that came. `headers` by their names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def first_byte(self) -> int:
        """Of the range that it asks for; 0: of no range."""
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(asked[1]) if asked else 0


Answering: TypeAlias = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]


def head(status: int, **headers: object) -> bytes:
    """The first lines of an answer."""
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([f"HTTP/1.1 {status} Because", *lines, "Connection: close", "", ""]).encode("latin-1")


def saying(status: int, body: bytes = b"", **headers: object) -> Answering:
    """Always the same."""

    async def answer(_: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, Content_Length=len(body), **headers) + body)

    return answer


@dataclass
class Remote:
    """A server: each request is answered by `answering`, on a connection of its own. `connections`: how many came."""

    answering: Answering
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def url(self, path: str = "/clip.mp4", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.calls.append(call := Call(method, path, headers, body))
            await self.answering(call, writer)
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def running(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Remote]:
        server = await asyncio.start_server(self._serve, host, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            server.close_clients() if hasattr(server, "close_clients") else None

"""A wire to the database that can fall silent or be cut, as networks, firewalls and frozen servers do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class Wire:
    """Listens on a port of 127.0.0.1 and passes everything on to the server of a `postgresql://` URL."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._flows = asyncio.Event()
        self._flows.set()
        self._ends = asyncio.Event()
        self._ends.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._refuses = False
        self.port = 0
        self.passed_bytes = 0

    @property
    def url(self) -> str:
        """Of the same database, over the wire."""
        user = self._target.netloc.rpartition("@")[0] or "reelwright"
        return f"postgresql://{user}@127.0.0.1:{self.port}{self._target.path}"

    def mute(self) -> None:
        """Nothing gets through any more, in either direction; connections stay, and new ones are taken."""
        self._flows.clear()

    def hold_ends(self) -> None:
        """What the server says last gets through; that it has closed the connection does not, until it is mended."""
        self._ends.clear()

    def cut(self) -> None:
        """Every connection breaks, and new ones do at once."""
        self._refuses = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._refuses = False
        self._flows.set()
        self._ends.set()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        options = parse_qs(self._target.query)
        if "host" in options:
            port = options.get("port", ["5432"])[0]
            return await asyncio.open_unix_connection(f"{options['host'][0]}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._target.hostname, self._target.port or 5432)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        server_reader, server_writer = await self._connect()
        ends = {writer, server_writer}
        self._open |= ends
        try:
            await asyncio.gather(self._pass(reader, server_writer), self._pass(server_reader, writer))
        finally:
            self._open -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(1 << 16):
                await self._flows.wait()
                writer.write(said)
                await writer.drain()
                self.passed_bytes += len(said)
        await self._ends.wait()
        writer.transport.abort()


@asynccontextmanager
async def wire(url: str) -> AsyncIterator[Wire]:
    made = Wire(url)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.mend()
        server.close()
        made.cut()

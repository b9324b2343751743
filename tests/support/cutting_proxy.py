"""A road to a service that breaks: TCP connections are passed on, and cut at random."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class CuttingProxy:
    """Listens on a port of 127.0.0.1. Each connection gets through up to so many bytes, and is cut then: with a reset,
    or, half of the time, by falling silent towards the service, as a phone does that leaves its network. `pause_s`:
    between pieces, so that there is time to see what happens."""

    def __init__(self, target_port: int, *, most_bytes: int, seed: int, pause_s: float = 0) -> None:
        self._target_port = target_port
        self._most_bytes = most_bytes
        self._pause_s = pause_s
        self._random = random.Random(seed)
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.cuts = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_service, to_service = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:  # it was just killed
            writer.transport.abort()
            return
        self._open |= {writer, to_service}
        back = asyncio.create_task(self._pass(from_service, writer, None))
        if await self._pass(reader, to_service, self._random.randrange(1, self._most_bytes)):
            self.cuts += 1
            back.cancel()
            writer.transport.abort()
            if self._random.random() < 0.5:
                return  # the service hears nothing of it
        to_service.transport.abort()
        writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, left: int | None) -> bool:
        """Pass all on; return whether it ended because so much had got through."""
        with suppress(OSError):
            while said := await source.read(1 << 16):
                if left is not None:
                    left -= len(said)
                    if left <= 0:
                        return True
                target.write(said)
                await target.drain()
                if left is not None:
                    await asyncio.sleep(self._pause_s)
        if left is None:
            target.transport.abort()
        return False

    def close(self) -> None:
        for writer in self._open:
            writer.transport.abort()


@asynccontextmanager
async def cutting_proxy(
    target_port: int, *, most_bytes: int, seed: int, pause_s: float = 0
) -> AsyncIterator[CuttingProxy]:
    made = CuttingProxy(target_port, most_bytes=most_bytes, seed=seed, pause_s=pause_s)
    server = await asyncio.start_server(made._serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.close()

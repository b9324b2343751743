"""How long the other side is waited for: for its answer to begin, to go on, to be fast enough, to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpcore

from reelwright.errors import RemoteStalled, RemoteUnavailable


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the other side is waited for. `total_s`: for all; `stall_s`: an answer has to begin within that, and
    from then on to bring `least_bytes_per_s` on an average over as long."""

    total_s: float
    stall_s: float
    least_bytes_per_s: int = 1024

    @property
    def too_slow(self) -> RemoteStalled:
        return RemoteStalled(
            f"the other side sent less than {self.least_bytes_per_s} bytes a second for {self.stall_s:g} s"
        )


class RequestClock:
    """Of one request with all its redirects."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._now = asyncio.get_running_loop().time
        self._deadline = self._now() + patience.total_s
        self._waited_s = 0.0
        self._bytes = 0

    def waiting(self) -> asyncio.Timeout:
        """Give a step as long as may pass without a byte."""
        return asyncio.timeout_at(min(self._now() + self.patience.stall_s, self._deadline))

    @property
    def late(self) -> RemoteStalled:
        """What a step that was out of time failed with."""
        if self._now() >= self._deadline:
            return RemoteStalled(f"the other side took longer than {self.patience.total_s:g} s", code="timed_out")
        return RemoteStalled(f"the other side sent nothing for {self.patience.stall_s:g} s")

    async def read(self, stream: AsyncIterator[bytes]) -> bytes | None:
        """Return the next bytes, None at the end. Only what is waited for counts, not what is done with it.

        Raises RemoteStalled, RemoteUnavailable.
        """
        began = self._now()
        try:
            async with self.waiting():
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise self.late from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise RemoteUnavailable("the other side cut the connection before the end") from error
        self._waited_s += self._now() - began
        self._bytes += len(chunk or b"")
        if self._now() >= self._deadline:
            raise self.late
        if self._waited_s >= self.patience.stall_s:
            if chunk is not None and self._bytes < self.patience.least_bytes_per_s * self._waited_s:
                raise self.patience.too_slow
            self._waited_s, self._bytes = 0.0, 0
        return chunk

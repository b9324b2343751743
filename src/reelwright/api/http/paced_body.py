"""The body of a request as it comes, bounded in number, silence and slowness: for what is streamed to a disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from litestar import Request

from reelwright.api.http.closing_answers import close_after_answer
from reelwright.errors import RequestTimeout, TooLarge

MIN_BYTES_PER_S = 256
"""An upload that comes more slowly, over `idle_timeout_s` of waiting for it, only holds its place: GPRS is faster."""
_READ = "body_read"
"""In the scope's state: the body has come to its end."""


class PacedBody:
    """The bytes of a request, bounded in number, silence and slowness."""

    def __init__(self, request: Request[Any, Any, Any], max_bytes: int, idle_timeout_s: float) -> None:
        """Raises TooLarge where the client announces more."""
        self._scope = request.scope
        self._stream = request.stream()
        self._left = max_bytes
        self._idle_timeout_s = idle_timeout_s
        self.ended = False
        self._waited_s = 0.0
        self._came_bytes = 0
        if (request.content_length or 0) > max_bytes:
            # nothing is read: a client that waits for "100 Continue" has sent nothing, and need not
            close_after_answer(request.scope)
            raise TooLarge("The upload is larger than is taken.")

    async def read(self) -> bytes:
        """Some bytes; none at the end."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._idle_timeout_s):
                while not (chunk := await anext(self._stream, None)):
                    if chunk is None:
                        self.ended = self._scope["state"][_READ] = True
                        return b""
        except TimeoutError as error:
            raise RequestTimeout(f"Nothing came for {self._idle_timeout_s:g} seconds.") from error
        self._left -= len(chunk)
        if self._left < 0:
            raise TooLarge("The upload is larger than is taken.")
        self._require_pace(time.monotonic() - began, len(chunk))
        return chunk

    def _require_pace(self, waited_s: float, came_bytes: int) -> None:
        """Only the time that we wait for the client counts, not what the disk takes. Raises RequestTimeout."""
        self._waited_s += waited_s
        self._came_bytes += came_bytes
        if self._waited_s >= self._idle_timeout_s:
            if self._came_bytes < MIN_BYTES_PER_S * self._waited_s:
                raise RequestTimeout(
                    f"Only {self._came_bytes} bytes came in {self._waited_s:.0f} seconds; at least"
                    f" {MIN_BYTES_PER_S} a second have to."
                )
            self._waited_s, self._came_bytes = 0.0, 0

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield all of it. Raises TooLarge, RequestTimeout."""
        while chunk := await self.read():
            yield chunk


@contextmanager
def left_where_it_is(request: Request[Any, Any, Any]) -> Iterator[None]:
    """Where the block fails before the body was read to its end, the connection ends with the answer."""
    try:
        yield
    except Exception:
        has_body = (request.content_length or 0) > 0 or "transfer-encoding" in request.headers
        if has_body and not request.scope["state"].get(_READ):
            close_after_answer(request.scope)
        raise

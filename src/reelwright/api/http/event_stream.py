"""Server-sent events: a response that follows something for as long as it lasts.

The stream ends when the events do, when the client goes, or when the server shuts down: uvicorn waits for open
responses, so that a stream which nobody ends would hold the shutdown for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import Headers
from litestar.types import ASGIApp, Receive, Scope, Send

from reelwright.api.http.disconnection import disconnected

HEARTBEAT = b": still here\n\n"
RECHECK_S = 5.0
RETRY_MS = 2000
"""After so long a browser reconnects when the stream broke."""


class EventStream(Response[None]):
    """The answer `text/event-stream` with the given events, as `encode_event` writes them.

    A comment is sent after `heartbeat_s` of silence, so that proxies keep the connection and a dead client is
    noticed. `closing` is set at shutdown; `is_still_allowed` is asked each RECHECK_S whether the client may go on
    listening. Where `events` is a generator, it is closed in the end, whatever the reason.
    """

    def __init__(
        self,
        events: AsyncIterator[bytes],
        *,
        closing: asyncio.Event,
        is_still_allowed: Callable[[], Awaitable[bool]] | None = None,
        heartbeat_s: float = 15.0,
    ) -> None:
        self.events = events
        self.closing = closing
        self.is_still_allowed = is_still_allowed
        self.heartbeat_s = heartbeat_s
        super().__init__(None, media_type="text/event-stream")

    def to_asgi_response(  # type: ignore[override]
        self, app: Any, request: Request[Any, Any, Any], *, headers: dict[str, str] | None = None, **_: Any
    ) -> ASGIApp:
        fields = {
            **(headers or {}),
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Referrer-Policy": "no-referrer",  # its address may hold a token
        }
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": encoded})
            await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY_MS, "more_body": True})
            await self._send_events(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return respond

    async def _send_events(self, receive: Receive, send: Send) -> None:
        """Until there is a reason to end."""
        loop = asyncio.get_running_loop()
        quiet_since: float | None = loop.time()

        async def pump() -> None:
            nonlocal quiet_since
            async for message in self.events:
                quiet_since = None
                await send({"type": "http.response.body", "body": message, "more_body": True})
                quiet_since = loop.time()

        reasons: list[Coroutine[Any, Any, object]] = [pump(), self.closing.wait(), disconnected(receive)]
        if self.is_still_allowed is not None:
            reasons.append(_until_not(self.is_still_allowed))
        tasks = [asyncio.create_task(reason) for reason in reasons]
        try:
            due_s = self.heartbeat_s
            while not (await asyncio.wait(tasks, timeout=due_s, return_when=asyncio.FIRST_COMPLETED))[0]:
                now = loop.time()
                due_s = self.heartbeat_s if quiet_since is None else quiet_since + self.heartbeat_s - now
                if due_s <= 0:
                    await send({"type": "http.response.body", "body": HEARTBEAT, "more_body": True})
                    quiet_since, due_s = now, self.heartbeat_s
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if isinstance(self.events, AsyncGenerator):
                await self.events.aclose()


async def _until_not(is_still_allowed: Callable[[], Awaitable[bool]]) -> None:
    while True:
        await asyncio.sleep(RECHECK_S)
        if not await is_still_allowed():
            return


def last_event_id(headers: Headers, *, below: int) -> int | None:
    """Return the id of the event that a client has seen last, as browsers send it when they come again; None where it
    says none that is a number."""
    last = headers.get("last-event-id", "")
    return int(last) if last.isascii() and last.isdigit() and len(last) < 20 and int(last) < below else None


def encode_event(name: str, data: msgspec.Struct, event_id: str | None) -> bytes:
    """Return one event as the WHATWG event stream format has it; JSON has no line breaks of its own."""
    lines = [b"event: " + name.encode(), b"data: " + msgspec.json.encode(data)]
    if event_id is not None:
        lines.insert(0, b"id: " + event_id.encode())
    return b"\n".join(lines) + b"\n\n"

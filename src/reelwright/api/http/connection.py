"""One HTTP connection: how much it may send before that makes sense, and how long it may take.

uvicorn waits for its clients without an end and reads heads of any length. Here a head is whole within
`MAX_HEAD_BYTES` and `request_timeout_s`, and a reader that takes nothing is let go after `send_timeout_s`. What cannot
be read as HTTP is answered with a problem document as everything else.

This module and server.py alone lean on the inside of uvicorn (pinned in pyproject.toml).
"""

from __future__ import annotations

import asyncio
import logging
import socket
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from reelwright.api.http.closing_answers import LINGER_S, closing_answer
from reelwright.api.http.open_connections import Connections, Refusal
from reelwright.client_addresses import client_of
from reelwright.telemetry import metrics

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 32 * 1024
MAX_PIPELINED = 100
"""Requests of one connection that wait for the answers before them."""
UNSENT_BYTES = 256 * 1024
"""So much of an answer the kernel takes ahead of what it can send: readers that stall cost no more there."""

_NOT_HTTP = Refusal(400, "malformed", "This cannot be read as a request of HTTP/1.1.")
_LONG_URL = Refusal(414, "uri_too_long", f"The address is longer than the {MAX_HEAD_BYTES} bytes that are taken.")
_LONG_HEAD = Refusal(
    431, "head_too_large", f"The head of the request is larger than the {MAX_HEAD_BYTES} bytes that are taken."
)
_SLOW_HEAD = Refusal(408, "request_timeout", "The head of the request did not come in time.")
_CROWDED_PIPELINE = Refusal(400, "malformed", f"More than {MAX_PIPELINED} requests wait in one connection.")


class Connection(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *arguments: Any, connections: Connections, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.all = connections
        self.address = ""
        self.whose = ""
        """The client that the address counts for."""
        self._may_forward = False
        self._running: RequestResponseCycle | None = None
        """What is being answered; `cycle` is what was asked last."""
        self._asking_since: float | None = self.loop.time()
        """When the head that is awaited began, or waiting for it."""
        self._unread_since: float | None = None
        """When all was answered although the request had not come to its end."""
        self._fruitless_bytes = 0
        """They came since a head, or a piece of a body, was whole."""
        self._head_bytes = 0
        self._has_head = False
        """Whether all of the head is known of the request that came last."""
        self._refused_at: float | None = None
        self._refusal: Refusal | None = None
        self._unwelcome: Refusal | None = None
        """Why it is not let in: told when a head has come, for the page that it may be from."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if (opened := transport.get_extra_info("socket")) is not None:
            _let_go_of_stalled_readers(opened, self.all.send_timeout_s)
        self.whose = client_of(self.address)
        self._may_forward = self.address in self.all.trusted
        self._unwelcome = self.all.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.all.forget(self)
        if isinstance(exc, TimeoutError):
            metrics.CONNECTIONS_ENDED.labels("send_timeout").inc()
            log.info("a client took nothing for %g s", self.all.send_timeout_s, extra={"client": self.address})
        super().connection_lost(exc)
        if (running := self._running) is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()

    def data_received(self, data: bytes) -> None:
        if self._refused_at is not None:
            return
        self._unset_keepalive_if_required()
        if self._asking_since is not None and not self._fruitless_bytes:
            self._asking_since = self.loop.time()
        while data and self._refused_at is None:
            # a head is handed over in pieces, so that what is too long is seen before it is read
            room = MAX_HEAD_BYTES + 1 - self._fruitless_bytes
            piece, data = (data, b"") if self._asking_since is None else (data[:room], data[room:])
            fruitless_bytes, self._fruitless_bytes = self._fruitless_bytes + len(piece), -1
            self._parse(piece)
            if self._fruitless_bytes < 0:  # neither a head nor a piece of a body has become whole
                self._fruitless_bytes = fruitless_bytes
                if fruitless_bytes > MAX_HEAD_BYTES:
                    self._refuse(_LONG_URL if self._is_in_url() else _LONG_HEAD)

    def _parse(self, piece: bytes) -> None:
        while piece:
            try:
                self.parser.feed_data(piece)
                return
            except httptools.HttpParserError:
                self._refuse(self._refusal or _NOT_HTTP)
                return
            except httptools.HttpParserUpgrade as wish:
                piece = self._without_upgrade() + piece[wish.args[0] :]

    @property
    def _wants_upgrade(self) -> bool:
        """Whether the request offers to go on in another protocol, as HTTP/2 without TLS is asked for."""
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _without_upgrade(self) -> bytes:
        """Return the head without that offer, which need not be taken (RFC 9110, 7.8), for another parser: this one
        takes the request's body for what comes in the other protocol."""
        version = self.parser.get_http_version().encode()
        first = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        return b"".join([first, *lines, b"\r\n"])

    def _is_in_url(self) -> bool:
        return self.scope is not None and not self.headers and len(self.url) > MAX_HEAD_BYTES // 2

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._has_head = False

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > MAX_HEAD_BYTES:  # a trailer too
            self._refusal = _LONG_URL if self._is_in_url() else _LONG_HEAD
            raise ValueError(self._refusal.detail)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._wants_upgrade:
            return
        self._fruitless_bytes = 0
        self._asking_since = None
        self._has_head = True
        if len(self.pipeline) >= MAX_PIPELINED:
            self._refusal = _CROWDED_PIPELINE
        self._refusal = self._unwelcome or self._refusal
        if self._refusal is not None:
            raise ValueError(self._refusal.detail)
        if not self.url.startswith(b"/"):
            self._take_absolute_form()
        if self._may_forward and any(name == b"x-forwarded-for" for name, _ in self.headers):
            self.all.is_proxy(self.whose)
        self.all.is_served(self)
        super().on_headers_complete()

    def _take_absolute_form(self) -> None:
        """RFC 9112, 3.2.2: the address of `GET http://host/path` counts, whatever the header Host says."""
        parsed = httptools.parse_url(self.url)
        if parsed.host is None:
            return
        host = b"[%b]" % parsed.host if b":" in parsed.host else parsed.host
        authority = host if parsed.port is None else b"%b:%d" % (host, parsed.port)
        self.headers[:] = [*(header for header in self.headers if header[0] != b"host"), (b"host", authority)]
        self.url = (parsed.path or b"/") + (b"" if parsed.query is None else b"?" + parsed.query)

    def on_body(self, body: bytes) -> None:
        self._fruitless_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._wants_upgrade:
            return
        super().on_message_complete()
        self._fruitless_bytes = 0
        self.cycle.more_body = False
        if self._unread_since is not None:
            self._unread_since = None
            self._rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() or not (self._running is None or self._running.response_complete):
            return
        if self.cycle.more_body:
            self._unread_since = self.loop.time()
        else:
            self._rest()

    def _rest(self) -> None:
        self._asking_since = self.loop.time()
        self.all.is_idle(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def look(self, now: float) -> None:
        """End what has taken too long."""
        if self.transport.is_closing():
            return
        if self._refused_at is not None:
            if now - self._refused_at > LINGER_S:
                self.transport.abort()
        elif self._unwelcome is not None:
            if self._asking_since is not None and now - self._asking_since > LINGER_S:
                self._refuse(self._unwelcome)
        elif self._unread_since is not None:
            if now - self._unread_since > self.all.request_timeout_s:
                self.end("body_timeout")
        elif self._asking_since is not None and now - self._asking_since > self.all.request_timeout_s:
            if self._fruitless_bytes:
                metrics.CONNECTIONS_ENDED.labels("head_timeout").inc()
                self._refuse(_SLOW_HEAD)
            else:
                self.end("head_timeout")

    def make_room(self) -> None:
        """End at once, for somebody else."""
        self.all.forget(self)
        self.end("crowded")

    def end(self, reason: str) -> None:
        metrics.CONNECTIONS_ENDED.labels(reason).inc()
        self.transport.abort()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what is being received, and end the connection."""
        if self._refused_at is not None:
            return
        self._refused_at = self.loop.time()
        self.pipeline.clear()
        running = self._running
        if running is not None and running is self.cycle and running.response_complete and running.more_body:
            self._hang_up()  # it has its answer; a second one would be taken for that of the next request
            return
        if running is not None and not running.response_complete:
            if running is not self.cycle or not running.more_body or running.response_started:
                self.transport.abort()  # in the middle of another answer
                return
            running.disconnected = True
            running.message_event.set()
        metrics.REQUESTS.labels("other", "unmatched", refusal.status).inc()
        log.info("refused with %d: %s", refusal.status, refusal.detail, extra={"client": self.address})
        self.transport.write(self._answer(refusal))
        self._hang_up()

    def _hang_up(self) -> None:
        """Say no more, and heed nothing more, but read on: closed with unread bytes, the answer could be lost."""
        self.flow.resume_reading()
        self.transport.write_eof()

    def _answer(self, refusal: Refusal) -> bytes:
        body, own = closing_answer(
            {"root_path": self.root_path, "path": self.root_path},  # type: ignore[arg-type]
            *(refusal.status, refusal.code, refusal.detail, refusal.retry_after_s),
        )
        pages = self.all.pages.headers(self.headers or (), is_whole=self._has_head)
        headers = [*self.server_state.default_headers, *own, *pages]
        status = HTTPStatus(refusal.status)
        return b"".join(
            [
                f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode(),
                *(b"%b: %b\r\n" % header for header in headers),
                b"\r\n",
                body,
            ]
        )


def _let_go_of_stalled_readers(opened: socket.socket, send_timeout_s: float) -> None:
    """Have the kernel end a connection whose client acknowledges nothing, or keeps its window shut, for so long; it
    alone knows. And have it take little that it cannot send yet."""
    for option, value in (("TCP_USER_TIMEOUT", int(send_timeout_s * 1000)), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        if (number := getattr(socket, option, None)) is not None:  # Linux has both
            opened.setsockopt(socket.IPPROTO_TCP, number, value)

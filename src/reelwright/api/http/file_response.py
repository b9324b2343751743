"""Files as answers: byte ranges, conditional requests and HEAD (RFC 9110), which Litestar's own `File` does not have.

The bytes are untrusted, so a browser is told to run nothing and show only what cannot run; to guess nothing it is
told with every answer (server.py).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.types import ASGIApp, Receive, Scope, Send

from reelwright.api.http.content_disposition import content_disposition
from reelwright.api.http.disconnection import disconnected
from reelwright.api.http.nginx_accel import Accel
from reelwright.api.http.problem_document import MEDIA_TYPE, problem_document
from reelwright.api.http.ranges_and_preconditions import evaluate
from reelwright.error_codes import ERROR_CODES
from reelwright.errors import NotFound
from reelwright.file_formats import MIME_TYPES

SMALL_CHUNK_BYTES = 64 * 1024
LARGE_CHUNK_BYTES = 512 * 1024
"""Chunks grow for a reader that takes each at once; slow ones, who may be many, hold small ones in memory."""
FAST_READ_S = 0.05

CONTENT_POLICY = (
    "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; sandbox allow-same-origin"
)
"""Nothing runs, nothing else is fetched, no form is sent. Opened in a tab, a video is a page of the browser's own that
plays the same address: it may fetch that, which it could not from an origin of none."""

OCTETS = "application/octet-stream"


def _nobody_counts(_: int) -> None:
    pass


class FileDownload(Response[None]):
    """A stored file as an answer. The route takes GET and HEAD.

    `path`: local file, `size_bytes` long; `etag`: its SHA-256, or another strong validator, without quotes;
    `filename`: the name that it is saved under; `content_type`: one of `file_formats.MIME_TYPES`, all else is sent as
    plain bytes, to be saved; `inline`: may be shown in the page; `last_modified`: aware. `cross_origin`: pages of other
    sites may embed it. `accel`: where an nginx in front has the file; it then sends the bytes. `sent`: is called with
    every number of bytes that were sent, or left to nginx.

    Raises NotFound (`file_missing`) before anything is sent where the file is gone, and OSError where it has another
    size than is known of it.
    """

    def __init__(
        self,
        path: Path,
        *,
        size_bytes: int,
        etag: str,
        filename: str,
        content_type: str,
        inline: bool = False,
        last_modified: datetime | None = None,
        cache_control: str = "private, no-cache",
        cross_origin: bool = False,
        accel: Accel | None = None,
        sent: Callable[[int], None] = _nobody_counts,
    ) -> None:
        self.path = path
        self.size_bytes = size_bytes
        self.etag = f'"{etag}"'
        self.last_modified = last_modified.astimezone(UTC).replace(microsecond=0) if last_modified else None
        self.accel = accel
        self.sent = sent
        known = content_type in MIME_TYPES
        disposition = content_disposition(filename, inline=inline and known)
        super().__init__(
            None,
            media_type=content_type if known else OCTETS,
            headers={
                "Content-Disposition": disposition,
                "Cache-Control": cache_control,
                "Content-Security-Policy": CONTENT_POLICY,
                "Cross-Origin-Resource-Policy": "cross-origin" if cross_origin else "same-origin",
                **({"Vary": "Origin"} if cross_origin else {}),  # an answer that is kept serves other origins wrongly
            },
        )

    def to_asgi_response(  # type: ignore[override]
        self, app: Any, request: Request[Any, Any, Any], *, headers: dict[str, str] | None = None, **_: Any
    ) -> ASGIApp:
        shared = {**(headers or {}), **self.headers}

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            await self._send(shared, request, receive, send)

        return respond

    async def _send(
        self, shared: dict[str, str], request: Request[Any, Any, Any], receive: Receive, send: Send
    ) -> None:
        try:
            file = await asyncio.to_thread(os.open, self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound(ERROR_CODES["file_missing"].answer, code="file_missing") from error
        try:
            if (size_bytes := os.fstat(file).st_size) != self.size_bytes:
                raise OSError(f"{self.path} has {size_bytes} bytes, {self.size_bytes} are known")
            verdict = evaluate(request.method, request.headers, self.etag, self.last_modified, self.size_bytes)
            headers = {**shared, "ETag": self.etag}
            if self.last_modified:
                headers["Last-Modified"] = format_datetime(self.last_modified, usegmt=True)
            if verdict.status in (412, 416):
                await _refuse(verdict.status, self.size_bytes, request.scope, send)
                return
            if self.accel and self.accel.serves(request.headers, verdict):
                accel = {
                    "Content-Type": str(self.media_type),
                    "Content-Length": "0",
                    "X-Accel-Redirect": self.accel.uri,
                }
                self.sent(0 if request.method == "HEAD" else verdict.stop - verdict.start)
                await _start(send, 200, {**headers, **accel})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            headers["Accept-Ranges"] = "bytes"
            if verdict.status != 304:
                headers["Content-Type"] = str(self.media_type)
                headers["Content-Length"] = str(verdict.stop - verdict.start)
            if verdict.status == 206:
                headers["Content-Range"] = f"bytes {verdict.start}-{verdict.stop - 1}/{self.size_bytes}"
            await _start(send, verdict.status, headers)
            if request.method == "HEAD" or verdict.start == verdict.stop:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await _send_bytes(file, verdict.start, verdict.stop, receive, send, self.sent)
        finally:
            os.close(file)


async def _start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})


async def _refuse(status: int, size_bytes: int, scope: Scope, send: Send) -> None:
    code = "range_not_satisfiable" if status == 416 else "precondition_failed"
    body = msgspec.json.encode(problem_document(scope, status, code, ERROR_CODES[code].answer))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), "Cache-Control": "no-store"}
    if status == 416:
        headers["Content-Range"] = f"bytes */{size_bytes}"
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _send_bytes(
    file: int, start: int, stop: int, receive: Receive, send: Send, sent: Callable[[int], None]
) -> None:
    """Sends a part of the file; stops when the client is gone, which `send` does not tell. What the client has not
    taken yet is one chunk at most: the next is read after that."""
    gone = asyncio.create_task(disconnected(receive))
    chunk_bytes = SMALL_CHUNK_BYTES
    try:
        while start < stop and not gone.done():
            data = await asyncio.to_thread(os.pread, file, min(chunk_bytes, stop - start), start)
            if not data:
                raise OSError("the file was cut short while it was sent")
            start += len(data)
            began = time.monotonic()
            await send({"type": "http.response.body", "body": data, "more_body": start < stop})
            sent(len(data))
            del data
            if start < stop:
                await send({"type": "http.response.body", "body": b"", "more_body": True})  # waits for the client
            quick = time.monotonic() - began < FAST_READ_S
            chunk_bytes = min(2 * chunk_bytes, LARGE_CHUNK_BYTES) if quick else SMALL_CHUNK_BYTES
    finally:
        gone.cancel()

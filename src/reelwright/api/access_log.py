"""One log line a request, with an id that ties it to whatever else was logged on the way.

Plain ASGI, to be put outermost around the app, so that unknown paths are logged too. Bodies are never read, queries
never written: they may hold secrets.
"""

from __future__ import annotations

import logging
import re
import time
from contextvars import ContextVar
from urllib.parse import quote

import uuid_utils
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reelwright.api.problems import CLIENT_CLOSED_REQUEST

log = logging.getLogger(__name__)

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the request that is being answered, for log formatters."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class AccessLog:
    """ASGI middleware. Takes a sane `X-Request-ID` from the client or a proxy, else makes one; answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        token = REQUEST_ID.set(request_id)
        # Litestar rewrites the path while it routes
        method, path = scope["method"], quote(scope["path"])
        status, sent_bytes, began = 0, 0, time.monotonic()

        async def count(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            elif message["type"] == "http.response.body":
                sent_bytes += len(message["body"])
            await send(message)

        try:
            await self.app(scope, receive, count)
        except Exception:
            # the server answers 500, or cuts a response that has begun, and logs the traceback
            status = status or 500
            raise
        finally:
            duration_ms = round((time.monotonic() - began) * 1000, 1)
            fields = {
                "method": method,
                "path": path,
                "status": status or CLIENT_CLOSED_REQUEST,
                "duration_ms": duration_ms,
                "bytes": sent_bytes,
                "request_id": request_id,
            }
            log.info("%s %s %d %.1f ms %d bytes", method, path, fields["status"], duration_ms, sent_bytes, extra=fields)
            REQUEST_ID.reset(token)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name.lower() == b"x-request-id" and _ID.fullmatch(text := value.decode("latin-1")):
            return text
    return uuid_utils.uuid7().hex

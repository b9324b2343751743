"""One log line, one count and one span a request, with an id that ties them to whatever else was logged on the way.

Plain ASGI, to be put outermost around the app, so that unknown paths are seen too. Bodies are never read, queries never
written, tokens cut from paths: they are secrets, or may hold some.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from reelwright.api.http import request_ids
from reelwright.api.http.problem_document import CLIENT_CLOSED_REQUEST
from reelwright.api.http.redacted_paths import shown
from reelwright.media.sandbox import fair_slots
from reelwright.telemetry import logs, metrics, tracing
from reelwright.telemetry.spans import Span

log = logging.getLogger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
"""The route of a request that none takes."""


class AccessLog:
    """ASGI middleware. Takes a sane `X-Request-ID` from the client or a proxy, else makes one; answers with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id, carrier = request_ids.read(scope)
        client = scope["client"]
        with (
            logs.bound(request_id=request_id),
            fair_slots.asked_by(client[0] if client else None),
            tracing.span("request", kind="server", carrier=carrier) as span,
        ):
            await self._answer(scope, receive, send, request_id, span)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send, request_id: str, span: Span) -> None:
        # Litestar rewrites the path while it routes
        method, path = scope["method"], quote(shown(scope["path"]))
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
            duration_s = time.monotonic() - began
            status = status or CLIENT_CLOSED_REQUEST
            route = scope.get("path_template", UNMATCHED)
            label = method if method in METHODS else "other"
            metrics.REQUESTS.labels(label, route, status).inc()
            metrics.REQUEST_TIME.labels(label, route).observe(duration_s)
            span.rename(f"{label} {route}")
            span.set(
                {
                    "http.request.method": method,
                    "http.route": route,
                    "http.response.status_code": status,
                    "url.path": path,
                    "request.id": request_id,
                }
            )
            if status >= 500:
                span.fail(str(status))
            client = scope["client"]
            fields = {
                "method": method,
                "route": route,
                "path": path,
                "status": status,
                "bytes": sent_bytes,
                "duration_ms": round(duration_s * 1000, 1),
                "client": client[0] if client else None,
                "request_id": request_id,
            }
            log.info("%s %s %d", method, path, status, extra=fields)

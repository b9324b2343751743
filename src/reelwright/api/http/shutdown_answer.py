"""What a request is answered that a shutdown waits for no longer: the server itself would say 500."""

from __future__ import annotations

import asyncio

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reelwright.api.http.allowed_origins import AllowedOrigins
from reelwright.api.http.closing_answers import closing_answer

RETRY_AFTER_S = 5
_ENDS = "The service is being restarted, and this request took too long to be waited for. Send it again in a moment."


class ShutdownAnswer:
    """ASGI middleware: the server cancels what it has waited for as long as it does (GRACE_S of server.py)."""

    def __init__(self, app: ASGIApp, pages: AllowedOrigins) -> None:
        self.app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        has_begun = False

        async def note(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, note)
        except asyncio.CancelledError:
            if not has_begun:
                body, headers = closing_answer(scope, 503, "busy", _ENDS, RETRY_AFTER_S)
                headers += self._pages.headers(scope["headers"])
                await send({"type": "http.response.start", "status": 503, "headers": headers})
                await send({"type": "http.response.body", "body": body, "more_body": False})
            raise

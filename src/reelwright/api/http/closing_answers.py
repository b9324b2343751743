"""Answers after which the connection ends: the rest of the request is not worth reading, and yet they are seen."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from reelwright.api.http.problem_document import MEDIA_TYPE, problem_document

LINGER_S = 2.0


def closing_answer(
    scope: Scope, status: int, code: str, detail: str, retry_after_s: int | None
) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return body and headers of a refusal outside of the application, after which the connection ends."""
    body = msgspec.json.encode(problem_document(scope, status, code, detail))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
    ]
    if retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    return body, headers


def close_after_answer(scope: Scope) -> None:
    """Have the error answer end the connection: the rest of the request's body is not worth reading."""
    scope["state"]["close_after_answer"] = True


def is_closing(scope: Scope) -> bool:
    """Return whether the error answer ends the connection."""
    return bool(scope["state"].get("close_after_answer"))


async def linger(receive: Receive) -> None:
    """Read the rest of a request that was answered, for a while: a client that is still sending would get a reset
    connection instead of the answer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass


class LastAnswer(Response[dict[str, Any]]):
    """An answer after which the connection closes."""

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **kwargs: Any) -> ASGIApp:  # type: ignore[override]
        answer = super().to_asgi_response(app, request, **kwargs)

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            async def hold_open(message: Message) -> None:
                if message["type"] == "http.response.body":
                    message["more_body"] = True
                await send(message)

            await answer(scope, receive, hold_open)
            await linger(receive)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        return respond

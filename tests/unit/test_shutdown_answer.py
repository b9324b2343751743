"""Requests that are cut off by the service itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from reelwright.api.http.allowed_origins import AllowedOrigins
from reelwright.api.http.shutdown_answer import ShutdownAnswer


async def test_a_request_that_a_shutdown_does_not_wait_for_may_be_sent_again() -> None:
    """The server cancels it: it is answered with 503, where nothing of an answer has been sent."""
    sent: list[Any] = []
    began = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        began.set()
        await asyncio.sleep(3600)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "method": "POST", "path": "/trim", "headers": [], "client": ("127.0.0.1", 1)}
    scope["headers"] = [(b"origin", b"https://app.example")]
    answering = ShutdownAnswer(slow, AllowedOrigins(["https://app.example"]))
    request = asyncio.create_task(answering(scope, receive, send))
    await began.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    start, body = sent
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"] == b"5"
    assert dict(start["headers"])[b"access-control-allow-origin"] == b"https://app.example"
    assert json.loads(body["body"])["code"] == "busy"

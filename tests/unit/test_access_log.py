"""Requests that are cut off by the service itself."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from reelwright.api.http.access_log import AccessLog


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
    request = asyncio.create_task(AccessLog(slow)(scope, receive, send))
    await began.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    start, body = sent
    assert start["status"] == 503
    assert dict(start["headers"])[b"retry-after"] == b"5"
    assert json.loads(body["body"])["code"] == "busy"

"""When a client goes while it is answered, which `send` does not tell."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from litestar.exceptions import InternalServerException
from litestar.types import Receive

from reelwright.api.http.problem_document import CLIENT_CLOSED_REQUEST
from reelwright.errors import ReelwrightError

Made = TypeVar("Made")
_CLIENT_GONE = "client disconnected prematurely"  # Litestar's words, raised by Request.stream()


class ClientGone(ReelwrightError):
    """Nobody waits for the answer any more; only the log sees it."""

    code = "client_closed_request"
    status: ClassVar[int] = CLIENT_CLOSED_REQUEST


async def disconnected(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, Made]) -> Made:
    """Do the work, as long as the client waits for it: it is cancelled, and over, when ClientGone is raised. The
    request's body has to be read."""
    doing, gone = asyncio.create_task(work), asyncio.create_task(disconnected(receive))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ClientGone("The client went away.")
        return doing.result()
    finally:
        for task in (doing, gone):
            task.cancel()
        await asyncio.wait({doing, gone})


def is_of_a_client_that_went(exc: Exception) -> bool:
    """Return whether an exception says that the client went while its body was read."""
    return isinstance(exc, InternalServerException) and _CLIENT_GONE in exc.detail

"""When a client goes while it is answered, which `send` does not tell."""

from __future__ import annotations

from litestar.types import Receive


async def disconnected(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass

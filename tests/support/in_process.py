"""Asks an application that runs in this process: no server, no socket."""

from __future__ import annotations

import httpx
from litestar import Litestar


def client_of(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx asks for one that takes any mapping
    return httpx.AsyncClient(transport=transport, base_url="http://test")

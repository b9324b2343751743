"""Serves the application with uvicorn, and stops in order: event streams first, open answers next, services last."""

from __future__ import annotations

import asyncio
import functools
import socket

import uvicorn
from litestar import Litestar

from reelwright import garbage_collection
from reelwright.api.app import create_app
from reelwright.api.http.access_log import AccessLog
from reelwright.api.http.allowed_origins import AllowedOrigins
from reelwright.api.http.connection import Connection
from reelwright.api.http.cors import EXPOSED_HEADERS
from reelwright.api.http.host_and_origin import Gate
from reelwright.api.http.open_connections import Connections
from reelwright.api.http.shutdown_answer import ShutdownAnswer
from reelwright.api.http.tus import Tus
from reelwright.settings import Settings
from reelwright.telemetry import tracing

GRACE_S = 10
"""An answer that is still being sent at shutdown may go on for so long."""
TICKS_A_LOOK = 5
"""uvicorn's ticks come ten times a second."""


class Server(uvicorn.Server):
    """uvicorn waits for open answers before the lifespan ends: event streams would hold it for ever."""

    def __init__(self, config: uvicorn.Config, app: Litestar, connections: Connections) -> None:
        super().__init__(config)
        self._app = app
        self._connections = connections

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_A_LOOK == 0:
            self._connections.look(asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (services := self._app.state.get("services")) is not None:
            services.notifier.close()
        await super().shutdown(sockets)


def serve(settings: Settings) -> bool:
    """Serve until SIGINT or SIGTERM. Returns whether it had started."""
    app = create_app(settings)
    speaking_tus = Tus(app, root_path=settings.api_root_path, max_upload_bytes=settings.max_upload_bytes)
    pages = AllowedOrigins(settings.cors_origins, EXPOSED_HEADERS)
    config = uvicorn.Config(
        AccessLog(ShutdownAnswer(Gate(speaking_tus, settings, pages), pages)),
        host=settings.app_host,
        port=settings.app_port,
        loop="uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        headers=[("X-Content-Type-Options", "nosniff")],
        proxy_headers=True,
        root_path=settings.api_root_path,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
    )
    connections = Connections(settings, forwarded_allow_ips=config.forwarded_allow_ips, pages=pages)
    config.http = functools.partial(Connection, connections=connections)  # type: ignore[assignment]
    server = Server(config, app, connections)
    garbage_collection.as_shipped()
    with tracing.exporting("api"):
        server.run()
    return server.started

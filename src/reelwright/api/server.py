"""Serves the application with uvicorn, and stops in order: event streams first, open answers next, services last."""

from __future__ import annotations

import socket

import uvicorn
from litestar import Litestar

from reelwright.api.access_log import AccessLog
from reelwright.api.app import create_app
from reelwright.settings import Settings
from reelwright.telemetry import tracing

GRACE_S = 10
"""An answer that is still being sent at shutdown may go on for so long."""


class Server(uvicorn.Server):
    """uvicorn waits for open answers before the lifespan ends: event streams would hold it for ever."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (services := self._app.state.get("services")) is not None:
            services.hub.close()
        await super().shutdown(sockets)


def serve(settings: Settings) -> bool:
    """Serve until SIGINT or SIGTERM. Returns whether it had started."""
    app = create_app(settings)
    config = uvicorn.Config(
        AccessLog(app),
        host=settings.app_host,
        port=settings.app_port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=True,
        root_path=settings.api_root_path,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = Server(config, app)
    with tracing.exporting("api"):
        server.run()
    return server.started

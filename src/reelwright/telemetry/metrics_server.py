"""A worker's own /metrics: on which port, and that it works without one where none is free."""

from __future__ import annotations

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from reelwright.settings import Settings
from reelwright.telemetry.metrics import registry

logger = logging.getLogger(__name__)

WORKER_PORTS = 10
"""So many ports, from METRICS_PORT on, a worker tries before it goes without."""


@contextmanager
def serving(settings: Settings, *collectors: Collector) -> Iterator[int | None]:
    """Serve a worker's /metrics meanwhile, on the first free port from METRICS_PORT on; None where it is off.

    Work matters more than its measurement: without a port the worker runs all the same, and says so.
    """
    server = _listening(settings, registry(*collectors)) if settings.metrics_port else None
    if server is None:
        yield None
        return
    try:
        logger.info("metrics at http://%s:%d/metrics", settings.metrics_host, server.server_port)
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _listening(settings: Settings, measured: CollectorRegistry) -> WSGIServer | None:
    last = min(settings.metrics_port + WORKER_PORTS, 65536) - 1
    for port in range(settings.metrics_port, last + 1):
        try:
            server, _ = start_http_server(port, settings.metrics_host, measured)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                logger.warning("no metrics: METRICS_HOST=%s: %s", settings.metrics_host, error.strerror)
                return None
        else:
            return server
    logger.warning("no metrics: ports %d to %d are taken", settings.metrics_port, last)
    return None

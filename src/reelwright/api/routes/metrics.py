"""GET /metrics, for Prometheus and the like."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.di import NamedDependency

from reelwright.api.context import Services
from reelwright.api.http.authorization import FOR_ADMINS


@get("/metrics", include_in_schema=False)
async def show(services: NamedDependency[Services]) -> Response[bytes]:
    """For Prometheus and the like: text exposition format 0.0.4."""
    return Response(await services.metrics.text(), media_type="text/plain; version=0.0.4")


router = Router("/", route_handlers=[show], include_in_schema=False, opt=FOR_ADMINS)

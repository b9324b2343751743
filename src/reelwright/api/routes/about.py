"""The service about itself: what it is, whether it lives, whether it can work."""

from __future__ import annotations

from typing import Literal

from litestar import HttpMethod, Response, Router, route
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from reelwright.api.context import Services
from reelwright.api.http.authorization import PUBLIC
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.about import HealthOut, ReadyOut, ServiceOut
from reelwright.release import RELEASE

METHODS = [HttpMethod.GET, HttpMethod.HEAD]
"""Many who watch a service ask with HEAD."""


@route(
    "/",
    http_method=METHODS,
    summary="What this is",
    operation_class=operation(responses={200: examples.SERVICE}),
)
async def index(services: NamedDependency[Services]) -> ServiceOut:
    """Name, version and where the documentation lies."""
    root = services.settings.api_root_path
    return ServiceOut(
        message="Reelwright: uploaded videos in, edited videos out",
        name="reelwright",
        version=RELEASE,
        docs=f"{root}/docs",
        redoc=f"{root}/redoc",
        openapi=f"{root}/openapi.json",
    )


@route(
    "/health",
    http_method=METHODS,
    summary="Is the process alive",
    operation_class=operation(responses={200: examples.HEALTH}),
)
async def health() -> HealthOut:
    """Answers without looking at anything else."""
    return HealthOut()


@route(
    "/ready",
    http_method=METHODS,
    summary="Can the service work",
    responses={503: ResponseSpec(ReadyOut, description="Something does not work; `checks` says what.")},
    operation_class=operation(responses={200: examples.READY, 503: examples.NOT_READY}),
)
async def ready(services: NamedDependency[Services]) -> Response[ReadyOut]:
    """Database and its schema, queue, storage, ffmpeg and containment, each by trying it (the last three at most once
    in some seconds). 503 names what does not work; what containment lacks is said, and is no reason to stop.

    With no worker alive, or none that can work (a full disk, no ffmpeg), the answer is 200 and `degraded`, and `queue`
    says why: this process takes uploads and jobs as ever, they wait."""
    checks, stands_still = await services.readiness.check()
    working = all(check.ok for check in checks)
    status: Literal["ready", "degraded"] = "degraded" if stands_still else "ready"
    return Response(
        ReadyOut(status=status if working else "not_ready", checks=checks), status_code=200 if working else 503
    )


router = Router("/", route_handlers=[index, health, ready], tags=["service"], opt=PUBLIC)

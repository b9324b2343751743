"""The HTTP application: its routes, its services, its documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide

from reelwright.api import edits, jobs, service, services, static_paths, variants, videos
from reelwright.api.body import StrictRequest
from reelwright.api.problems import EXCEPTION_HANDLERS
from reelwright.api.services import Services
from reelwright.api.v1 import routes as v1
from reelwright.settings import Settings

EXPOSED_HEADERS = ["Location", "ETag", "Content-Range", "Retry-After", "X-Request-ID"]


def provide_services(state: State) -> Services:
    found: Services = state.services
    return found


def create_app(settings: Settings) -> Litestar:
    """The application of these settings; its lifespan opens and closes what the routes need."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        async with services.opened(settings) as opened:
            app.state.services = opened
            yield

    return Litestar(
        route_handlers=[
            service.router,
            videos.router,
            variants.router,
            edits.router,
            jobs.router,
            static_paths.router,
            v1.router,
        ],
        lifespan=[lifespan],
        dependencies={"services": Provide(provide_services, sync_to_thread=False)},
        request_class=StrictRequest,
        exception_handlers=EXCEPTION_HANDLERS,
        cors_config=CORSConfig(allow_origins=list(settings.cors_origins), expose_headers=EXPOSED_HEADERS)
        if settings.cors_origins
        else None,
        openapi_config=None,
        logging_config=None,
    )

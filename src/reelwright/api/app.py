"""The HTTP application: its routes, its services, its documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.routes import HTTPRoute

from reelwright.api import context
from reelwright.api.context import Services
from reelwright.api.http.authorization import Authorization
from reelwright.api.http.cors import cors_config
from reelwright.api.http.idempotency import Idempotency
from reelwright.api.http.json_body import strict_request
from reelwright.api.http.problems import EXCEPTION_HANDLERS
from reelwright.api.http.query_parameters import check_query
from reelwright.api.openapi.document import DESCRIPTION, TAGS, docs_router, openapi_config
from reelwright.api.openapi.struct_schemas import StructSchemas
from reelwright.api.routes import (
    about,
    assets,
    batches,
    cut_modes,
    edits,
    events,
    fonts,
    imports,
    jobs,
    keys,
    limits,
    many_jobs,
    metrics,
    overlays,
    previews,
    profiles,
    projects,
    queues,
    retention,
    signed,
    stored_files,
    templates,
    tokens,
    transcode,
    trash,
    trim,
    uploads,
    usage,
    variants,
    videos,
    webhooks,
)
from reelwright.api.schemas.job_events import ProgressEvent, StateEvent
from reelwright.api.v1 import router as v1
from reelwright.events.event import CATALOGUE, Event, ProgressMessage
from reelwright.release import RELEASE
from reelwright.settings import Settings


def provide_services(state: State) -> Services:
    found: Services = state.services
    return found


def create_app(settings: Settings) -> Litestar:
    """Return the application of these settings; its lifespan opens and closes what the routes need."""
    app = application(
        settings.api_root_path, settings.request_timeout_s, settings.cors_origins, needs_keys=settings.needs_keys
    )
    app.state.settings = settings
    return app


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    async with context.opened(app.state.settings) as opened:
        app.state.services = opened
        yield


def application(
    root_path: str, request_timeout_s: float, cors_origins: tuple[str, ...], *, needs_keys: bool
) -> Litestar:
    """Return the routes and what lies around them, as these settings have it: all that takes time to be put together,
    and nothing of one process. `app.state.settings` is to be set before it starts."""
    app = Litestar(
        route_handlers=[
            about.router,
            metrics.router,
            videos.router,
            trash.router,
            uploads.router,
            imports.router,
            variants.router,
            assets.router,
            trim.router,
            edits.router,
            batches.router,
            previews.router,
            templates.router,
            overlays.router,
            fonts.router,
            transcode.router,
            profiles.router,
            cut_modes.router,
            jobs.router,
            many_jobs.router,
            events.router,
            webhooks.router,
            keys.router,
            projects.router,
            retention.router,
            tokens.router,
            signed.router,
            limits.router,
            usage.router,
            queues.router,
            stored_files.router,
            v1.router,
            docs_router(root_path),
        ],
        lifespan=[lifespan],
        dependencies={"services": Provide(provide_services, sync_to_thread=False)},
        request_class=strict_request(request_timeout_s),
        middleware=[Authorization, Idempotency],
        before_request=check_query,
        exception_handlers=EXCEPTION_HANDLERS,
        cors_config=cors_config(cors_origins),
        openapi_config=openapi_config(
            title="Reelwright",
            version=RELEASE,
            description=DESCRIPTION,
            root_path=root_path,
            tags=TAGS,
            needs_keys=needs_keys,
        ),
        plugins=[
            StructSchemas(
                *(StateEvent, ProgressEvent, Event, ProgressMessage), *{row.data for row in CATALOGUE.values()}
            )
        ],
        logging_config=None,
    )
    _tell_all_methods(app)
    return app


def _tell_all_methods(app: Litestar) -> None:
    """Have OPTIONS name every method of a path: Litestar names those of its first handlers alone."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            for cell in handler.fn.__closure__ or ():
                if isinstance(first := cell.cell_contents, HTTPRoute):
                    first.methods.update(route.methods)

"""The service about itself: what it is, whether it lives, whether it can work."""

from __future__ import annotations

import asyncio
from typing import Literal

from litestar import HttpMethod, Response, Router, route
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from sqlalchemy import select, text

from reelwright import __version__
from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.videos import CheckOut, HealthOut, ReadyOut, ServiceOut
from reelwright.db.migrate import known_revisions, newest_revision
from reelwright.db.models import Queue, Storage
from reelwright.db.schema import Schema
from reelwright.jobs import waiting
from reelwright.library.root_identity import FOREIGN

_NEWEST, _KNOWN = newest_revision(), known_revisions()
CHECK_TIMEOUT_S = 5
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
        version=__version__,
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
    database, (queue, stands_still), storage, media = await asyncio.gather(
        _database(services), _queue(services), _storage(services), services.media_checks.found()
    )
    checks = [database, queue, storage, *media]
    working = all(check.ok for check in checks)
    status: Literal["ready", "degraded"] = "degraded" if stands_still else "ready"
    return Response(
        ReadyOut(status=status if working else "not_ready", checks=checks), status_code=200 if working else 503
    )


async def _database(services: Services) -> CheckOut:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S), services.sessions() as session:
            revision = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return CheckOut(name="database", ok=False, detail=f"cannot be asked: {type(error).__name__}")
    schema = Schema(revision, _NEWEST, _KNOWN)
    return CheckOut(name="database", ok=not schema.is_behind, detail=schema.remark)


async def _queue(services: Services) -> tuple[CheckOut, bool]:
    """The queue is the database's; what can fail apart from it is hearing of jobs. And whether nobody takes jobs."""
    if not services.hub.listening.is_set():
        return CheckOut(name="queue", ok=False, detail="not listening for news of jobs"), False
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S), services.sessions() as session:
            workers = await waiting.workforce(session)
            paused = await session.scalars(select(Queue.name).where(Queue.paused_at.is_not(None)).order_by(Queue.name))
            pauses = "".join(f"; {name} is paused" for name in paused)
    except Exception as error:  # noqa: BLE001 - as above
        return CheckOut(name="queue", ok=False, detail=f"cannot be asked: {type(error).__name__}"), False
    return CheckOut(name="queue", ok=True, detail=f"{workers.remark}{pauses}"), workers.stands_still is not None


async def _storage(services: Services) -> CheckOut:
    problem = await services.storage_check.found()
    if problem is None and (identity := await asyncio.to_thread(services.storage.identity)) is not None:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S), services.sessions() as session:
                problem = None if await session.get(Storage, identity) else FOREIGN
        except Exception as error:  # noqa: BLE001 - as above
            problem = f"its database cannot be asked: {type(error).__name__}"
    return CheckOut(name="storage", ok=problem is None, detail=problem)


router = Router("/", route_handlers=[index, health, ready], tags=["service"])

"""/retention: what would be deleted, before it is."""

from __future__ import annotations

import datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from reelwright.access.keep_rules import MAX_KEEP_S
from reelwright.api.context import Services
from reelwright.api.http.authorization import FOR_ADMINS
from reelwright.api.openapi import retention_examples as examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.retention import EndingOut, EndingsOut
from reelwright.db.ownership import confined
from reelwright.jobs.retention_dry_run import endings


@get("/endings", summary="What would be deleted", operation_class=operation(responses={200: examples.ENDINGS}))
async def list_endings(
    services: NamedDependency[Services],
    within_s: Annotated[
        int, QueryParameter(ge=0, le=MAX_KEEP_S, description="By so many seconds from now. 0: what is about to go.")
    ] = 0,
    project: Annotated[str | None, QueryParameter(description="Of this project alone.")] = None,
) -> EndingsOut:
    """A dry run: by project and kind how many would go, and how many bytes. It counts rows, and changes nothing."""
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=within_s)
    with confined(None):
        async with services.sessions() as session:
            found = await endings(session, services.keep_rules, within_s=within_s, project=project)
    return EndingsOut(at=at, items=[EndingOut.of(ending) for ending in found])


router = Router("/retention", route_handlers=[list_endings], tags=["keys"], opt=FOR_ADMINS)

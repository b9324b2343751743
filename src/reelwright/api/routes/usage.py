"""/usage: what projects use, by day."""

from __future__ import annotations

import datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from reelwright.access import projects, usage
from reelwright.access.caller import asking
from reelwright.access.scopes import Scope
from reelwright.api.context import Services
from reelwright.api.openapi import retention_examples as examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.api.schemas.usage import ProjectUseOut, UsagePage
from reelwright.db.ownership import project_of_task
from reelwright.errors import FieldError, InvalidInput

MAX_DAYS = 366


@get("/usage", summary="What was used, by day", operation_class=operation(responses={200: examples.USAGE}))
async def list_usage(
    services: NamedDependency[Services],
    from_: Annotated[
        datetime.date | None,
        QueryParameter(name="from", description="The first day, by UTC. Omitted: the first of the month of the last."),
    ] = None,
    to: Annotated[datetime.date | None, QueryParameter(description="The last day. Omitted: today.")] = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> UsagePage:
    """Of the project whose key asks; with a key of the scope `admin`, or where no keys are asked for, of all, by name.

    All but `sent_bytes` is counted in the transaction that uses it: nothing is lost with a process that is killed, and
    nothing comes twice. 366 days at most.
    """
    last = to or datetime.datetime.now(datetime.UTC).date()
    first = from_ or last.replace(day=1)
    if not 0 <= (last - first).days < MAX_DAYS:
        raise InvalidInput([FieldError("?from", f"lies 0 to {MAX_DAYS - 1} days before `to`")])
    request = asking()
    only = None if request is None or request.holder.may(Scope.ADMIN) else project_of_task()
    async with services.sessions() as session:
        rows, total = await projects.page(session, only=only, offset=(page - 1) * page_size, limit=page_size)
        found = await usage.days(session, [project.id for project, _ in rows], first, last)
    items = [ProjectUseOut.of(project.name, found[project.id]) for project, _ in rows]
    return UsagePage(items=items, total=total, page=page, page_size=page_size)


router = Router("/", route_handlers=[list_usage], tags=["service"])

"""/projects: whose things are, how much each may do, how long it keeps what. For keys of the scope `admin`."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET

from reelwright.access import projects
from reelwright.api.context import Services
from reelwright.api.http.authorization import FOR_ADMINS
from reelwright.api.key_changes import SWITCHED_OFF, forget_keys, require_keys
from reelwright.api.openapi import key_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.api.schemas.projects import ProjectOut, ProjectPage, ProjectPatch


@get("/", summary="List projects", operation_class=operation(responses={200: key_examples.PROJECTS}))
async def list_projects(
    services: NamedDependency[Services], page: PageNumber = 1, page_size: PageSize = 20
) -> ProjectPage:
    """By name, each with its limits and what it has stored."""
    async with services.sessions() as session:
        rows, total = await projects.page(session, offset=(page - 1) * page_size, limit=page_size)
    items = [ProjectOut.of(row, stored_bytes) for row, stored_bytes in rows]
    return ProjectPage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@patch(
    "/{project:str}",
    summary="Change a project's limits and rules",
    operation_class=operation(
        request_examples=key_examples.PROJECT_CHANGES, responses={200: key_examples.PROJECT}, errors=[SWITCHED_OFF]
    ),
)
async def change_project(
    project: Annotated[str, PathParameter(description="Its name.")],
    data: JSONBody[ProjectPatch],
    services: NamedDependency[Services],
) -> ProjectOut:
    """How much all its keys together may do, and how long what comes is kept, from now on; limits in other API
    processes within five seconds. What it has already stays, however little it may have from now on; of jobs, events
    and deliveries the rules hold for what is there, too. And its weight in the queue, from the next job on. Where no
    keys are asked for there are no limits, and the project is `default`."""
    if data.limits.given:
        require_keys(services)
    share = None if data.queue_share is UNSET else data.queue_share
    async with services.sessions.begin() as session:
        found = await projects.change(session, project, data.limits.given, data.keep.given, queue_share=share)
        changed = ProjectOut.of(*found)
    forget_keys(services)
    return changed


router = Router("/projects", route_handlers=[list_projects, change_project], tags=["keys"], opt=FOR_ADMINS)

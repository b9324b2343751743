"""/templates: edits with variables in them, kept under names, in versions."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from reelwright.api.context import Services
from reelwright.api.openapi import examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.api.schemas.templates import TemplateIn, TemplateOut, TemplatePage
from reelwright.errors import FieldError, InvalidInput, NotFound
from reelwright.library import template_versions

LOCATION = ResponseHeader(
    name="Location", description="Address of the version.", documentation_only=True, required=True
)
Name = Annotated[str, PathParameter(description="The template's name.")]


@post(
    "/",
    summary="Store a template",
    response_headers=[LOCATION],
    operation_class=operation(
        request_examples=examples.TEMPLATES,
        responses={201: examples.TEMPLATE},
        errors=[InvalidInput([FieldError("/edit/steps/0/end", "there is no variable 'length' in `variables`")])],
    ),
)
async def add_template(data: JSONBody[TemplateIn], services: NamedDependency[Services]) -> Response[TemplateOut]:
    """A name that is new gets version 1, one that is known its next version; the ones before stay. The edit is read as
    that of `POST /edits`, with each variable's default, `example` or a usual value in its place."""
    template = data.template()
    async with services.sessions.begin() as session:
        row = await template_versions.add(session, data.name, template, description=data.description)
        stored = TemplateOut.of(row, services.addresses)
    return Response(stored, headers={"Location": stored.url})


@get("/", summary="List templates", operation_class=operation(responses={200: examples.TEMPLATE_PAGE}))
async def list_templates(
    services: NamedDependency[Services], page: PageNumber = 1, page_size: PageSize = 20
) -> TemplatePage:
    """Each in its newest version, by name."""
    async with services.sessions() as session:
        rows, total = await template_versions.page(session, offset=(page - 1) * page_size, limit=page_size)
    items = [TemplateOut.of(row, services.addresses) for row in rows]
    return TemplatePage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@get("/{name:str}", summary="Look up a template", operation_class=operation(responses={200: examples.TEMPLATE}))
async def get_template(name: Name, services: NamedDependency[Services]) -> TemplateOut:
    """Its newest version."""
    async with services.sessions() as session:
        return TemplateOut.of(await template_versions.find(session, name), services.addresses)


@get(
    "/{name:str}/versions/{version:int}",
    summary="Look up a version of a template",
    operation_class=operation(responses={200: examples.TEMPLATE}),
)
async def get_version(
    name: Name,
    version: Annotated[int, PathParameter(ge=1, le=2**31 - 1, description="From 1.")],
    services: NamedDependency[Services],
) -> TemplateOut:
    """It never changes."""
    async with services.sessions() as session:
        return TemplateOut.of(await template_versions.find(session, name, version), services.addresses)


@delete("/{name:str}", summary="Delete a template", operation_class=operation(errors=[NotFound("no such template")]))
async def delete_template(name: Name, services: NamedDependency[Services]) -> None:
    """All its versions. Jobs that were made of it go on: each has its edit."""
    async with services.sessions.begin() as session:
        await template_versions.remove(session, name)


router = Router(
    "/templates",
    route_handlers=[add_template, list_templates, get_template, get_version, delete_template],
    tags=["edits"],
)

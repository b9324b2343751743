"""/keys: who may do what. For keys of the scope `admin`; where none are needed, keys are made on the machine alone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from reelwright.access import keys
from reelwright.api.context import Services
from reelwright.api.http.authorization import FOR_ADMINS
from reelwright.api.http.idempotency import SECRET
from reelwright.api.key_changes import SWITCHED_OFF, forget_keys, require_keys
from reelwright.api.openapi import key_examples
from reelwright.api.openapi.operations import operation
from reelwright.api.schemas.keys import KeyIn, KeyMade, KeyOut, KeyPage, KeyPatch, KeyRotation
from reelwright.api.schemas.pages import PageNumber, PageSize
from reelwright.errors import Conflict

NOT_CACHED = {"Cache-Control": "no-store"}
"""The answer holds a secret."""


@post(
    "/",
    summary="Make a key",
    opt=SECRET,
    operation_class=operation(
        request_examples=key_examples.REQUESTS, responses={201: key_examples.MADE}, errors=[SWITCHED_OFF]
    ),
)
async def make_key(data: JSONBody[KeyIn], services: NamedDependency[Services]) -> Response[KeyMade]:
    """For a project, which is made where there is none of the name. The answer has the key itself, once."""
    require_keys(services)
    async with services.sessions.begin() as session:
        made = await keys.create(
            session,
            data.name,
            project=data.project,
            scopes=data.scopes,
            expires_at=data.expires_at,
            limits=data.limits.limits,
        )
    return Response(KeyMade.new(made), headers=NOT_CACHED)


@get("/", summary="List keys", operation_class=operation(responses={200: key_examples.PAGE}))
async def list_keys(
    services: NamedDependency[Services],
    project: Annotated[str | None, QueryParameter(description="Only those of this project.")] = None,
    page: PageNumber = 1,
    page_size: PageSize = 20,
) -> KeyPage:
    """Those of every project, by project and age; also those that are revoked or have expired."""
    async with services.sessions() as session:
        rows, total = await keys.page(session, project=project, offset=(page - 1) * page_size, limit=page_size)
    items = [KeyOut.of(row, name) for row, name in rows]
    return KeyPage(items=items, total=total, page=page, page_size=page_size, next_cursor=None)


@post(
    "/{key_id:uuid}/rotate",
    summary="Replace a key",
    opt=SECRET,
    operation_class=operation(
        responses={201: key_examples.MADE},
        errors=[SWITCHED_OFF, Conflict("the key is revoked or has expired: make a new one")],
    ),
)
async def rotate_key(
    key_id: FromPath[UUID], data: JSONBody[KeyRotation], services: NamedDependency[Services]
) -> Response[KeyMade]:
    """Makes one of the same name, project and scopes; the old one is good for `overlap_s` yet, so that whoever uses it
    can change to the new one."""
    require_keys(services)
    async with services.sessions.begin() as session:
        made = await keys.rotate(session, key_id, overlap_s=data.overlap_s)
    return Response(KeyMade.new(made), headers=NOT_CACHED)


@patch(
    "/{key_id:uuid}",
    summary="Change a key",
    operation_class=operation(
        request_examples=key_examples.CHANGES, responses={200: key_examples.LIMITED}, errors=[SWITCHED_OFF]
    ),
)
async def change_key(key_id: FromPath[UUID], data: JSONBody[KeyPatch], services: NamedDependency[Services]) -> KeyOut:
    """What it is called and how much it may do, from now on; in other API processes within five seconds. Its project
    and its scopes stay: make another key for others."""
    require_keys(services)
    name = None if data.name is UNSET else data.name
    async with services.sessions.begin() as session:
        changed = KeyOut.of(*await keys.change(session, key_id, name=name, limits=data.limits.given))
    forget_keys(services)
    return changed


@delete(
    "/{key_id:uuid}",
    summary="Revoke a key",
    status_code=200,
    operation_class=operation(responses={200: key_examples.REVOKED}),
)
async def revoke_key(key_id: FromPath[UUID], services: NamedDependency[Services]) -> KeyOut:
    """It is refused from now on, by other API processes within five seconds. It stays in the list."""
    async with services.sessions.begin() as session:
        revoked = await keys.revoke(session, key_id)
    forget_keys(services)
    return KeyOut.of(*revoked)


router = Router(
    "/keys",
    route_handlers=[make_key, list_keys, change_key, rotate_key, revoke_key],
    tags=["keys"],
    opt=FOR_ADMINS,
)

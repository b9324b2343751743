"""The OpenAPI document: `/openapi.json`, what it says of the API as a whole, and where it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, Server, Tag
from litestar.response import Redirect
from litestar.routes import HTTPRoute

from reelwright.api.http.authorization import PUBLIC
from reelwright.api.openapi.idempotency_headers import tell_idempotency
from reelwright.api.openapi.names_in_clients import name_words, operation_id
from reelwright.api.openapi.problem_answers import problem_components
from reelwright.api.openapi.scopes_and_tokens import KEY, KEY_SCHEME, security, tell_scope
from reelwright.api.openapi.swagger_ui import UNFRAMED, SwaggerUI
from reelwright.api.openapi.webhook_messages import webhook_messages

DESCRIPTION = """Uploaded videos in, edited videos out.

Long work is answered with 202 and a job: poll `/status/{job_id}`, or follow `/jobs/{job_id}/events`. Errors are problem
documents (RFC 9457); their codes are listed at `/docs/errors`. Bodies are read strictly: unknown fields are refused,
`null` for an optional field means its default."""

TAGS = {
    "videos": "Uploads, and what is imported from addresses.",
    "uploads": "Uploads that can be resumed, by tus 1.0.0.",
    "edits": "What can be made of them. Every edit is a job.",
    "jobs": "Where the work is, live and in full.",
    "events": "What happened, in order and without gaps.",
    "webhooks": "Endpoints that are told of it.",
    "variants": "Results.",
    "assets": "Pictures that overlays use.",
    "files": "Stored files under their keys.",
    "keys": "Who may do what.",
    "tokens": "Rights that a key hands on to browsers and players: for one purpose, and a while.",
    "signed": "Files for whoever has the address, until it expires.",
    "v1": "The second surface: another product's shapes over the same services.",
    "service": "The service about itself.",
}


def openapi_config(
    *,
    title: str,
    version: str,
    description: str,
    root_path: str = "",
    tags: Mapping[str, str] | None = None,
    needs_keys: bool = False,
) -> OpenAPIConfig:
    """What `Litestar(openapi_config=...)` takes: serves `/docs`. `tags`: name -> meaning, in the order shown.
    `needs_keys`: whether requests need a key, or may come without."""
    return OpenAPIConfig(
        title=title,
        version=version,
        description=description,
        path="/docs",
        openapi_router=Router(
            "/docs", route_handlers=[], include_in_schema=False, response_headers=UNFRAMED, opt=PUBLIC
        ),
        render_plugins=[SwaggerUI(root_path)],
        servers=[Server(url=root_path or "/")],
        components=[problem_components(), Components(security_schemes={KEY: KEY_SCHEME})],
        security=security(needs_keys=needs_keys),
        tags=[Tag(name=name, description=meaning) for name, meaning in (tags or {}).items()],
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
    )


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of an app, as plain values."""
    document = app.openapi_schema.to_schema()
    name_words(document)
    for handler, method, operation in _operations(app, document):
        tell_scope(handler, method, operation)
        if method == "POST":
            tell_idempotency(handler, operation)
    document["webhooks"] = webhook_messages(document)
    return document


def _operations(app: Litestar, document: dict[str, Any]) -> Iterator[tuple[HTTPRouteHandler, str, dict[str, Any]]]:
    """Yield every operation of the document with its handler and its method."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        operations = document["paths"].get(route.path_format, {})
        for handler in route.route_handlers:
            for method in handler.http_methods:
                if (operation := operations.get(method.lower())) is not None:
                    yield handler, method, operation


def docs_router(root_path: str = "") -> Router:
    """`/openapi.json` and `/redoc`, which do not lie below `/docs`."""

    @cache
    def document(app: Litestar) -> bytes:
        return msgspec.json.encode(openapi_document(app))

    @get("/openapi.json")
    async def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
        content = await asyncio.to_thread(document, request.app)  # to make it takes a second
        return Response(content, media_type="application/json", headers={"Cache-Control": "no-cache"})

    @get("/redoc", sync_to_thread=False)
    def redoc() -> Redirect:
        return Redirect(f"{root_path}/docs")

    return Router("/", route_handlers=[openapi_json, redoc], include_in_schema=False, opt=PUBLIC)

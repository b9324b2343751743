"""The documentation that the service itself serves: Swagger UI and the OpenAPI document, without the internet.

Swagger UI's files (Apache-2.0, see LICENSE and NOTICE beside them) are shipped in `static/swagger-ui`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.routes import HTTPRoute

from reelwright.api.http.authorization import PUBLIC, needed_scope
from reelwright.api.http.delegation import purposes_of
from reelwright.api.http.idempotency import CHECKSUM, HEADER, MAX_KEY_LENGTH, REPLAYED
from reelwright.api.openapi.operations import name_words, operation_id, problem_components
from reelwright.error_codes import HTTP_CODES, JOB_CODES, V1_BAD_REQUESTS
from reelwright.errors import NotFound
from reelwright.events.event import CATALOGUE, Catalogued, Event, ProgressMessage

_FOLDER = Path(__file__).parents[1] / "static" / "swagger-ui"
_FILES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-standalone-preset.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
UNFRAMED = {"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY"}
"""A page of another site that could frame this one could have its buttons pressed."""
KEY = "key"
_KEY_SCHEME = SecurityScheme(
    type="http",
    scheme="bearer",
    bearer_format="rw_...",
    description="A key that `reelwright keys create` or `POST /keys` made, or, where `x-purposes` of the operation says"
    " so, a token of `POST /tokens`. Not asked for where AUTH is off.",
)
_EMPTY_ICON = '<link rel="icon" href="data:,">'


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
        components=[problem_components(), Components(security_schemes={KEY: _KEY_SCHEME})],
        security=[{KEY: []}] if needs_keys else [{}, {KEY: []}],
        tags=[Tag(name=name, description=meaning) for name, meaning in (tags or {}).items()],
        use_handler_docstrings=True,
        operation_id_creator=operation_id,
    )


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The OpenAPI document of an app, as plain values."""
    document = app.openapi_schema.to_schema()
    name_words(document)
    for handler, method, operation in _operations(app, document):
        _tell_scope(handler, method, operation)
        if method == "POST":
            _tell_idempotency(handler, operation)
    document["webhooks"] = _webhooks(document)
    return document


def _webhooks(document: dict[str, Any]) -> dict[str, Any]:
    """What is sent to webhooks: an operation for each type of event."""
    names = {schema.get("title", name): name for name, schema in document["components"]["schemas"].items()}
    return {
        name: {
            "post": {
                "operationId": "webhook_" + name.replace(".", "_"),
                "tags": ["webhooks"],
                "summary": name,
                "description": row.meaning,
                "security": [],
                "parameters": _MESSAGE_HEADERS,
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "allOf": [
                                    {"$ref": f"#/components/schemas/{_shape(names, row)}"},
                                    {
                                        "type": "object",
                                        "properties": {
                                            "type": {"const": name},
                                            "data": {"$ref": f"#/components/schemas/{row.data.__name__}"},
                                        },
                                    },
                                ]
                            }
                        }
                    },
                },
                "responses": {
                    "2XX": {"description": "Taken. Any other answer, and none within WEBHOOK_TIMEOUT_S: sent again."},
                    "410": {"description": "Gone: the endpoint is told nothing more."},
                },
            }
        }
        for name, row in CATALOGUE.items()
    }


def _shape(names: dict[str, str], row: Catalogued) -> str:
    """The schema's name of what all messages of a kind have in common."""
    title = (Event if row.stored else ProgressMessage).__name__
    return names.get(title, title)


_MESSAGE_HEADERS = [
    {"name": name, "in": "header", "required": True, "description": meaning, "schema": {"type": "string"}}
    for name, meaning in {
        "webhook-id": "The event's id: the same as often as it is sent, by which a receiver knows it again.",
        "webhook-timestamp": "When it was sent, in seconds since 1970.",
        "webhook-signature": "Signatures after Standard Webhooks, separated by spaces: `v1,<Base64>`, by each secret"
        " that is good now, over `<webhook-id>.<webhook-timestamp>.<body>`.",
    }.items()
]


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


def _tell_scope(handler: HTTPRouteHandler, method: str, operation: dict[str, Any]) -> None:
    """Say which scope a key has to have, or that none is needed; and which tokens open it."""
    if (scope := needed_scope(handler.opt, method)) is None:
        operation["security"] = []
    else:
        operation["x-scope"] = scope.value
    if purposes := sorted(purposes_of(handler.opt)):
        operation["x-purposes"] = purposes


def _tell_idempotency(handler: HTTPRouteHandler, operation: dict[str, Any]) -> None:
    """Say of a POST that it may come again under the same key."""
    if "idempotency" in handler.opt:
        return
    told = {HEADER: _KEY_HEADER, **({CHECKSUM: _CHECKSUM_HEADER} if "multipart/form-data" in _kinds(operation) else {})}
    operation["parameters"] = [
        *operation.get("parameters", []),
        *({"name": name, "in": "header", "required": False, **header} for name, header in told.items()),
    ]
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            answer.setdefault("headers", {})[REPLAYED] = _REPLAYED_HEADER


def _kinds(operation: dict[str, Any]) -> Iterable[str]:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    return content


_KEY_HEADER = {
    "description": "Of your choice, new for each new request (a UUID). A request that comes again with the same key and"
    " body is answered as the first time, with `Idempotency-Replayed: true`; with another body 422; while the first is"
    " under way 409, with `Retry-After`. Known for 24 h (IDEMPOTENCY_KEEP_S).",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
}
_CHECKSUM_HEADER = {
    "description": "`sha256` and the SHA-256 of the file, in Base64 or as 64 hexadecimal digits: a file that is another"
    " one is refused. Needed beside `Idempotency-Key`.",
    "schema": {"type": "string"},
}
_REPLAYED_HEADER = {
    "description": "`true` where this is the first answer again.",
    "schema": {"type": "string"},
}


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


class SwaggerUI(OpenAPIRenderPlugin):
    """The pages below `/docs`. `root_path`: prefix under which a reverse proxy serves the API."""

    def __init__(self, root_path: str = "") -> None:
        super().__init__(path="/", favicon=_EMPTY_ICON)
        self.root_path = root_path
        options = {"url": f"{root_path}/openapi.json", "dom_id": "#ui", "deepLinking": True, "validatorUrl": None}
        # "<" would end the script element early
        literal = json.dumps(options).replace("<", "\\u003c")
        self._script = (
            f"SwaggerUIBundle(Object.assign({literal}, {{layout: 'StandaloneLayout', "
            "presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset]}))"
        )

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        place = f"{html.escape(self.root_path)}/docs/static"
        version = _version()
        script_hash = base64.b64encode(hashlib.sha256(self._script.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; script-src 'self' 'sha256-{script_hash}'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
        )
        page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{html.escape(openapi_schema["info"]["title"])}</title>
{self.favicon}
<link rel="stylesheet" href="{place}/swagger-ui.css?v={version}">
<style>body {{ margin: 0 }} .swagger-ui .topbar .download-url-wrapper {{ display: none }}</style>
</head>
<body>
<div id="ui"></div>
<script src="{place}/swagger-ui-bundle.js?v={version}"></script>
<script src="{place}/swagger-ui-standalone-preset.js?v={version}"></script>
<script>{self._script}</script>
</body>
</html>
"""
        return page.encode()

    def receive_router(self, router: Router) -> None:
        """Adds the files that the page needs, and the page that every problem's `type` points at."""
        router.register(_static_file)
        router.register(_errors_page)


@cache
def _version() -> str:
    return (_FOLDER / "VERSION").read_text().strip()


@get("/static/{name:str}", include_in_schema=False)
async def _static_file(name: FromPath[str]) -> Response[bytes]:
    if name not in _FILES:
        raise NotFound("No such file.")
    content = await asyncio.to_thread((_FOLDER / name).read_bytes)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=_FILES[name], headers=headers)


_V1_NOTE = " (400)"


def _marked_up(meaning: str) -> str:
    return re.sub("`(.+?)`", r"<code>\1</code>", html.escape(meaning))


@get("/errors", include_in_schema=False, media_type="text/html", sync_to_thread=False)
def _errors_page() -> str:
    rows = "\n".join(
        f'<tr id="{code}"><td>{row.status}{_V1_NOTE if code in V1_BAD_REQUESTS else ""}</td>'
        f"<td><code>{code}</code></td><td>{_marked_up(row.answer)}</td></tr>"
        for code, row in HTTP_CODES.items()
    )
    failures = "\n".join(
        f'<tr id="{"job-" if code in HTTP_CODES else ""}{code}"><td><code>{code}</code></td>'
        f"<td>{_marked_up(row.failure)}</td><td>{row.tried_again}</td></tr>"
        for code, row in JOB_CODES.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Errors</title>
{_EMPTY_ICON}
<style>body {{ font: 1rem/1.5 sans-serif; margin: 2rem }} td, th {{ padding: .3rem 1rem; text-align: left }}
:target {{ background: #ff9 }}</style>
</head>
<body>
<h1>Errors</h1>
<p>Every error is a problem document (RFC 9457, <code>application/problem+json</code>); its <code>code</code>
never changes its meaning.</p>
<table><tr><th>Status</th><th>Code</th><th>Meaning</th></tr>
{rows}
</table>
<p>A status in brackets is what some routes below <code>/api/v1</code> send with that code.</p>
<p id="http_error">A code that is not listed here is <code>http_error</code>, for any other refusal that HTTP itself
knows, or is one of those below: it comes with status 500 and names what became of a media process; the log has more
under <code>error_id</code>.</p>
<h2>Failed jobs</h2>
<p>The <code>error.code</code> of a job, and whether the job is tried again by itself: up to MAX_FAILURES times, or as
often as it takes where it waits for a machine that can do it. Every job that failed can be retried by hand.</p>
<table><tr><th>Code</th><th>Meaning</th><th>Tried again</th></tr>
{failures}
</table>
</body>
</html>
"""

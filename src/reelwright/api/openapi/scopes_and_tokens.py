"""What the OpenAPI document says of keys: whether they are needed, which scope an operation asks for, which tokens open
it."""

from __future__ import annotations

from typing import Any

from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import SecurityScheme

from reelwright.api.http.authorization import needed_scope
from reelwright.api.http.token_authorization import purposes_of

KEY = "key"
KEY_SCHEME = SecurityScheme(
    type="http",
    scheme="bearer",
    bearer_format="rw_...",
    description="A key that `reelwright keys create` or `POST /keys` made, or, where `x-purposes` of the operation says"
    " so, a token of `POST /tokens`. Not asked for where AUTH is off.",
)


def security(*, needs_keys: bool) -> list[dict[str, list[str]]]:
    """Return whether requests need a key, or may come without."""
    return [{KEY: []}] if needs_keys else [{}, {KEY: []}]


def tell_scope(handler: HTTPRouteHandler, method: str, operation: dict[str, Any]) -> None:
    """Say which scope a key has to have, or that none is needed; and which tokens open it."""
    if (scope := needed_scope(handler.opt, method)) is None:
        operation["security"] = []
    else:
        operation["x-scope"] = scope.value
    if purposes := sorted(purposes_of(handler.opt)):
        operation["x-purposes"] = purposes

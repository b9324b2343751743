"""Query parameters that a route does not know are refused: a slip such as `?qualty=480p` would else be passed over,
and the answer be another one than was asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from reelwright.did_you_mean import unknown
from reelwright.errors import FieldError, InvalidInput

MAX_NAMED = 20
MAX_SHOWN_CHARACTERS = 100


async def check_query(request: Request[Any, Any, Any]) -> None:
    """The app's `before_request`. Pages that the OpenAPI document leaves out are not held to it.

    Raises InvalidInput that names every parameter which is unknown, comes twice or is the word "null".
    """
    query = request.scope["query_string"]
    handler = request.route_handler
    if not query or not handler.include_in_schema:
        return
    if errors := list(_errors(query, _known(handler))):
        raise InvalidInput(errors[:MAX_NAMED])


@cache
def _known(handler: HTTPRouteHandler) -> dict[str, bool]:
    """Return the names of a route's query parameters, and whether each may come more than once: a list may."""
    parameters = handler.parsed_fn_signature.parameters
    return {
        kind.name or name: any(one.is_non_string_sequence for one in (field, *field.inner_types))
        for name, field in parameters.items()
        if isinstance(kind := field.kwarg_definition, QueryParameter)
    }


def _errors(query: bytes, known: Mapping[str, bool]) -> Iterator[FieldError]:
    given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for name, count in Counter(name for name, _ in given).items():
        pointer = f"?{name[:MAX_SHOWN_CHARACTERS]}"
        if name not in known:
            yield FieldError(pointer, unknown("query parameter", name[:MAX_SHOWN_CHARACTERS], known))
        elif count > 1 and not known[name]:
            yield FieldError(pointer, "comes twice")
    for name, value in given:
        if name in known and value.lower() in ("null", "none"):
            yield FieldError(f"?{name}", "is no value; leave the parameter out")

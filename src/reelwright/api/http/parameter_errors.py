"""What is wrong with query parameters, headers, cookies and ids in paths, as Litestar finds it: each is named."""

from __future__ import annotations

import enum
import re
import types
from typing import Any, Literal, Union, get_args, get_origin

from litestar import Request
from litestar.exceptions import ValidationException

from reelwright.error_codes import ERROR_CODES
from reelwright.errors import FieldError, InvalidInput, NotFound, ReelwrightError

_MISSING = re.compile(r"Missing required (\w+) parameter '(.+?)' for path")  # Litestar's words


def invalid_parameters(request: Request[Any, Any, Any], exc: ValidationException) -> ReelwrightError:
    """A wrong query parameter, header or cookie: 422 that names each. A malformed id in the path: no such thing."""
    entries = [entry for entry in exc.extra or [] if isinstance(entry, dict)]
    if missing := _MISSING.search(exc.detail):
        entries = [{"source": missing[1], "key": missing[2], "message": "is missing", "by_alias": True}]
    if any(entry.get("source") == "path" for entry in entries):
        return NotFound(ERROR_CODES["not_found"].answer)
    errors = []
    for entry in entries:
        key, source = entry.get("key", ""), entry.get("source", "body")
        source = getattr(source, "value", source)
        if source == "body" and key == "data":
            errors.append(FieldError("", "a JSON body is needed"))
        elif source == "body":
            errors.append(FieldError("/" + re.sub(r"[\[\].]+", "/", key).strip("/"), entry["message"]))
        else:
            name = key if "by_alias" in entry else _alias(request, key)
            detail = entry["message"]
            if detail.startswith("Invalid enum value") and (choices := _choices(request, key)):
                detail = f"must be one of: {', '.join(choices)}"
            errors.append(FieldError(f"?{name}" if source == "query" else f"{source}:{name}", detail))
    return InvalidInput(errors, detail=None if errors else exc.detail)


def _alias(request: Request[Any, Any, Any], name: str) -> str:
    """Return the name that clients use for a handler's argument."""
    field = request.route_handler.parsed_fn_signature.parameters.get(name)
    return getattr(field and field.kwarg_definition, "name", None) or name


def _choices(request: Request[Any, Any, Any], name: str) -> list[str]:
    """Return the values that a handler's argument may have, where it is an enumeration."""
    field = request.route_handler.parsed_fn_signature.parameters.get(name)
    hint = getattr(field, "annotation", None)
    hints = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    enums = [kind for kind in hints if isinstance(kind, type) and issubclass(kind, enum.Enum)]
    literals = [value for kind in hints if get_origin(kind) is Literal for value in get_args(kind)]
    return [str(member.value) for kind in enums for member in kind] + [str(value) for value in literals]

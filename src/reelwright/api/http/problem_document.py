"""What an error answer looks like: a problem document after RFC 9457, `application/problem+json`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from litestar.types import Scope
from msgspec import UNSET, Meta, UnsetType

from reelwright.api.http.redacted_paths import shown

MEDIA_TYPE = "application/problem+json"

CLIENT_CLOSED_REQUEST = 499
"""Status, known from nginx, of a request whose client went away; only the log ever sees it."""


class ProblemField(msgspec.Struct):
    """One wrong field of a request."""

    pointer: Annotated[
        str, Meta(description="A JSON pointer into the body (`/overlays/0/start`), or `?name` for a query parameter.")
    ]
    detail: str
    code: Annotated[str | UnsetType, Meta(description="Of what is behind it, as `asset_missing`.")] = UNSET


class Problem(msgspec.Struct, kw_only=True):
    """What went wrong, after RFC 9457."""

    type: Annotated[str, Meta(description="Where the code is explained.")]
    title: str
    status: int
    detail: Annotated[str, Meta(description="What to do about it, in a sentence.")]
    code: Annotated[str, Meta(description="Stable; listed at `/docs/errors`.")]
    instance: Annotated[str, Meta(description="The path of the request.")]
    errors: Annotated[
        list[ProblemField] | UnsetType, Meta(description="Every wrong field, or that which names what is not there.")
    ] = UNSET
    error_id: Annotated[
        str | UnsetType, Meta(description="Of a 500: the request's id, under which the log has more.")
    ] = UNSET
    job_ids: Annotated[list[str] | UnsetType, Meta(description="Of `in_use`: the unfinished jobs.")] = UNSET


def public_path(scope: Scope) -> str:
    """Return the request's path as the client wrote it, percent-encoded, with a reverse proxy's prefix, and without a
    token."""
    root: str = scope.get("root_path", "")
    return quote(shown(root + scope["path"].removeprefix(root)))


def problem_document(
    scope: Scope, status: int, code: str, detail: str, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the members of a problem document. `extra`: further members, such as `errors`."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Client Closed Request" if status == CLIENT_CLOSED_REQUEST else "Error"
    problem = Problem(
        type=f"{scope.get('root_path', '')}/docs/errors#{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        instance=public_path(scope),
    )
    return {**msgspec.to_builtins(problem), **(extra or {})}

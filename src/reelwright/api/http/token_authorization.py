"""Tokens in requests: where they stand, which routes they open, what an upload by one may be.

A route says by `opt=open_to(...)` which purposes it serves; to all others a token is refused, whatever its key may do.
The ids in a route's path have to be the one that the token is for: any other is not found, be it there or not.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qsl

from litestar import Litestar, Request
from litestar.exceptions import NotAuthorizedException
from litestar.types import HTTPScope
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.access import token_format, tokens
from reelwright.access.token_lookup import Grant, Grants, TokenRefusal
from reelwright.access.token_purposes import Purpose, Subject
from reelwright.api.http.closing_answers import close_after_answer
from reelwright.api.http.host_and_origin import SAFE_METHODS
from reelwright.errors import NotFound, ReelwrightError, TooLarge
from reelwright.telemetry import metrics

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="reelwright"'}
QUERY_PARAMETER = "token"

_PURPOSES, _IN_QUERY = "purposes", "token_in_query"
_USED_UP = "token_used_up"
"""In the scope's state: the request would be refused, were it not answered before."""
_WHY = {
    TokenRefusal.UNKNOWN: "The token is not known: it was cut or changed on its way, or is of another service.",
    TokenRefusal.EXPIRED: "The token has expired: get a new one from whom this one came.",
    TokenRefusal.REVOKED: "The token was revoked.",
    TokenRefusal.KEY_ENDED: "The key that made the token is good no more, and its tokens with it.",
    TokenRefusal.USED: "The token was used: one upload is all that it allows.",
}


class Forbidden(ReelwrightError):
    code = "forbidden"


def open_to(*purposes: Purpose, in_query: bool = False) -> dict[str, Any]:
    """Return the options of a route that tokens of these purposes open. `in_query`: also as `?token=`, for what cannot
    send headers."""
    return {_PURPOSES: frozenset(purposes), _IN_QUERY: in_query}


def purposes_of(options: dict[str, Any]) -> frozenset[Purpose]:
    """Return which tokens open a route with these options."""
    purposes: frozenset[Purpose] = options.get(_PURPOSES, frozenset())
    return purposes


def given_token(scope: HTTPScope, options: dict[str, Any], bearer: str | None) -> str | None:
    """Return the token of a request: of a signed address, else of the query where the route takes it there, else that
    which came instead of a key."""
    if (in_path := scope["path_params"].get("token")) is not None:
        return str(in_path)
    if options.get(_IN_QUERY) and scope["query_string"]:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if QUERY_PARAMETER in query:
            return query[QUERY_PARAMETER]
    return bearer if bearer is not None and bearer.startswith(token_format.PREFIX) else None


async def granted(scope: HTTPScope, options: dict[str, Any], token: str, *, asks_again: bool) -> Grant:
    """Return what the token allows, which is this request. `asks_again`: it may have been answered before, and a token
    that was used then hears that again (`require_own_answer`). Raises NotAuthorizedException, Forbidden, NotFound."""
    grant = await _grants(scope["litestar_app"]).grant(token)
    if isinstance(grant, TokenRefusal):
        raise refused(scope, grant)
    if grant.purpose not in (purposes := purposes_of(options)):
        _count(TokenRefusal.ELSEWHERE)
        leave_body(scope)
        opened = f"opened by tokens to {' or '.join(sorted(purposes))}" if purposes else "opened by no token"
        raise Forbidden(f"This is a token to {grant.purpose}, and the address is {opened}.")
    ids = {value for value in scope["path_params"].values() if isinstance(value, uuid.UUID)}
    if not ids and grant.is_used:
        if not asks_again:
            raise refused(scope, TokenRefusal.USED)
        scope["state"][_USED_UP] = True
    if ids - {grant.subject_id}:
        _count(TokenRefusal.ELSEWHERE)
        leave_body(scope)
        raise NotFound("The token is for another thing, and finds nothing here.")
    return grant


def require_own_answer(scope: HTTPScope, location: str | None) -> None:
    """Make sure that a token which was used hears nothing but what it became, at `location`; None: nothing was answered
    before. Raises NotAuthorizedException."""
    caller = scope.get("auth")
    if not isinstance(caller, Grant) or not scope["state"].get(_USED_UP):
        return
    if location is None or not location.endswith(f"/{caller.subject_id}"):
        raise refused(scope, TokenRefusal.USED)


def refused(scope: HTTPScope, why: TokenRefusal) -> NotAuthorizedException:
    """Return what a request with a token that is good no more is answered with."""
    _count(why)
    leave_body(scope)
    return NotAuthorizedException(_WHY[why], headers=CHALLENGE)


def leave_body(scope: HTTPScope) -> None:
    """A body that may come with what is refused is not worth reading."""
    if scope["method"] not in SAFE_METHODS:
        close_after_answer(scope)


def _count(why: TokenRefusal) -> None:
    metrics.TOKENS_REFUSED.labels(why.value).inc()


def _grants(app: Litestar) -> Grants:
    grants: Grants = app.state.services.grants
    return grants


def grant_of(request: Request[Any, Any, Any]) -> Grant | None:
    """Return what the request's token allows; None where it came with a key, or with nothing."""
    caller = request.scope.get("auth")
    return caller if isinstance(caller, Grant) else None


def upload_limit(request: Request[Any, Any, Any], max_bytes: int) -> int:
    """Return how large a file the request may send, at most `max_bytes`."""
    grant = grant_of(request)
    return max_bytes if grant is None or grant.max_bytes is None else min(max_bytes, grant.max_bytes)


def require_one_file(request: Request[Any, Any, Any], size_bytes: int | None, *, is_joined: bool) -> None:
    """Make sure that an upload in several requests is what the request's token allows: one file, whose size is said
    before. Raises Forbidden, TooLarge."""
    if (grant := grant_of(request)) is None:
        return
    if is_joined or size_bytes is None:
        raise Forbidden(
            "A token allows one upload, of one piece and with its Upload-Length: neither parts nor a length"
            " that is said later."
        )
    if grant.max_bytes is not None and size_bytes > grant.max_bytes:
        raise TooLarge(f"The file is larger than {grant.max_bytes} bytes, which the token allows.")


async def spend(request: Request[Any, Any, Any], session: AsyncSession, became: Subject, subject_id: uuid.UUID) -> None:
    """Use the request's token up, where it came with one: in the transaction that makes what the upload becomes, whose
    id is then the only one that the token still finds. Raises NotAuthorizedException where somebody was faster."""
    grant = grant_of(request)
    if grant is not None and not await tokens.spend(session, grant.token_id, became, subject_id):
        raise refused(request.scope, TokenRefusal.USED)

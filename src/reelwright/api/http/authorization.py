"""Whom a request is from: `Authorization: Bearer <key>`, where keys are needed; and that the key allows what it asks.

What a route needs is said by its option `scope`; where it says nothing, by the method: `read` for what changes nothing,
`write` else. A request sees the project of its key alone, in every query that is made for it. Tokens, which keys make,
come in the key's place: token_authorization.py.
"""

from __future__ import annotations

from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from reelwright.access import key_format, scopes
from reelwright.access.caller import Asking, Holder, asked_by
from reelwright.access.key_lookup import Keyring
from reelwright.access.token_lookup import Grant
from reelwright.api.http.host_and_origin import SAFE_METHODS
from reelwright.api.http.idempotency import may_be_repeated
from reelwright.api.http.rate_limit_headers import count, telling
from reelwright.api.http.token_authorization import CHALLENGE, Forbidden, given_token, granted, leave_body, purposes_of
from reelwright.db.outages import is_away
from reelwright.db.ownership import confined
from reelwright.errors import NotFound
from reelwright.telemetry import logs

PUBLIC: dict[str, Any] = {"scope": None}
"""Option of a route that needs no key."""
FOR_ADMINS: dict[str, Any] = {"scope": scopes.Scope.ADMIN}


class Authorization:
    """ASGI middleware, inside of the application: it knows the route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        caller = await _identified(scope)
        if caller is None:
            await self.app(scope, receive, send)
            return
        scope["auth"] = caller
        if isinstance(caller, Grant):
            holder, ids = caller.holder, {"key_id": caller.key_id, "token_id": caller.token_id}
        else:
            holder, ids = caller, {"key_id": caller.key_id}
        request = None if holder is None else Asking(holder)
        if request is not None and request.holder.is_limited:
            send = telling(send, request)
            keyring = _keyring(scope["litestar_app"])
            assert keyring is not None  # limits are those of keys
            count(keyring.rates, scope, request)
        _require_scope(scope, caller)
        working = confined(caller.project_id) if request is None else asked_by(request)
        with working, logs.bound(**{name: str(one) for name, one in ids.items() if one}):
            await self.app(scope, receive, send)


async def _identified(scope: HTTPScope) -> Holder | Grant | None:
    """Return by which key or token the request comes; None: it needs none. Raises NotAuthorizedException, and Forbidden
    or NotFound where a token is for another thing."""
    options = scope["route_handler"].opt
    needed = needed_scope(options, scope["method"])
    if needed is None and not (purposes_of(options) and scope["method"] != "OPTIONS"):
        return None
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    bearer = key.strip() if scheme.lower() == "bearer" else None
    if (token := given_token(scope, options, bearer)) is not None:
        return await granted(scope, options, token, asks_again=may_be_repeated(scope))
    if needed is None or (keyring := _keyring(scope["litestar_app"])) is None:
        return None
    holder = None if bearer is None else await keyring.holder(bearer)
    if holder is None:
        leave_body(scope)
        raise NotAuthorizedException(_why_not(given, scheme, key.strip()), headers=CHALLENGE)
    return holder


def _require_scope(scope: HTTPScope, caller: Holder | Grant) -> None:
    """Raises Forbidden where a key does not allow what the request asks. What a token is for was looked at."""
    needed = needed_scope(scope["route_handler"].opt, scope["method"])
    if isinstance(caller, Holder) and needed is not None and not caller.may(needed):
        leave_body(scope)
        raise Forbidden(f"The key does not allow this: it lacks the scope {needed.value}.")


async def is_still_allowed(scope: HTTPScope) -> bool:
    """Return whether the request would be let in now: its key or token may have ended since. Who cannot be asked about
    it, because the database is away, is believed."""
    try:
        await _identified(scope)
    except (NotAuthorizedException, Forbidden, NotFound):
        return False
    except Exception as error:
        if not is_away(error):
            raise
    return True


def holder_of(request: Request[Any, Any, Any]) -> tuple[Holder, str] | None:
    """Return whose key the request came with, and the key itself; None where it came without one."""
    caller = request.scope.get("auth")
    if not isinstance(caller, Holder):
        return None
    return caller, request.headers["authorization"].partition(" ")[2].strip()


def needed_scope(options: dict[str, Any], method: str) -> scopes.Scope | None:
    """Return what a key has to allow for a route with these options; None: no key is needed."""
    if method == "OPTIONS":
        return None
    usual = scopes.Scope.READ if method in SAFE_METHODS else scopes.Scope.WRITE
    needed: scopes.Scope | None = options.get("scope", usual)
    return needed


def _keyring(app: Litestar) -> Keyring | None:
    keyring: Keyring | None = app.state.services.keyring
    return keyring


def _why_not(given: list[str], scheme: str, key: str) -> str:
    if not given:
        return "A key is needed: send it as `Authorization: Bearer rw_...` (`reelwright keys create` makes one)."
    if len(given) > 1:
        return "A request has one header Authorization."
    if scheme.lower() != "bearer":
        return "The header Authorization has to be `Bearer` and a key."
    if not key_format.is_key(key):
        return "This is no key: one begins with rw_ and has 54 characters, the last of which check the others."
    return "The key is not known, or good no more: it was revoked, or has expired."

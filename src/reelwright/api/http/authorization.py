"""Whom a request is from: `Authorization: Bearer <key>`, where keys are needed; and that the key allows what it asks.

What a route needs is said by its option `scope`; where it says nothing, by the method: `read` for what changes nothing,
`write` else. A request sees the project of its key alone, in every query that is made for it.
"""

from __future__ import annotations

from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import NotAuthorizedException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from reelwright.access import key_format, scopes
from reelwright.access.asking import Asking, Holder, asked_by
from reelwright.access.keyring import Keyring
from reelwright.access.limits import headers
from reelwright.api.http.host_and_origin import SAFE_METHODS
from reelwright.api.http.problems import close_after_answer
from reelwright.errors import RateLimited, ReelwrightError
from reelwright.telemetry import logs

PUBLIC: dict[str, Any] = {"scope": None}
"""Option of a route that needs no key."""
FOR_ADMINS: dict[str, Any] = {"scope": scopes.Scope.ADMIN}

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="reelwright"'}


class Forbidden(ReelwrightError):
    code = "forbidden"


class Authorization:
    """ASGI middleware, inside of the application: it knows the route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        keyring = _keyring(scope["litestar_app"])
        needed = needed_scope(scope["route_handler"].opt, scope["method"])
        if keyring is None or needed is None:
            await self.app(scope, receive, send)
            return
        holder = await _holder(scope, keyring)
        request = Asking(holder)
        if holder.is_limited:
            send = _telling(send, request)
            try:
                keyring.rates.count(request)
            except RateLimited as refusal:
                _leave_body(scope)
                told = {name.decode(): value.decode() for name, value in headers(request.standings)}
                raise RateLimited(refusal.detail, retry_after_s=refusal.retry_after_s or 1, headers=told) from None
        if not holder.may(needed):
            _leave_body(scope)
            raise Forbidden(f"The key does not allow this: it lacks the scope {needed.value}.")
        with asked_by(request), logs.bound(key_id=str(holder.key_id)):
            await self.app(scope, receive, send)


def _telling(send: Send, request: Asking) -> Send:
    """Let the answer say how it stands with the limits that the request has touched."""

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers(request.standings)]
        await send(message)

    return tell


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


async def _holder(scope: HTTPScope, keyring: Keyring) -> Holder:
    """Return whose key the request has. Raises NotAuthorizedException with what to do."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, key = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() == "bearer" and (holder := await keyring.holder(key.strip())) is not None:
        return holder
    _leave_body(scope)
    raise NotAuthorizedException(_why_not(given, scheme, key.strip()), headers=_CHALLENGE)


def _leave_body(scope: HTTPScope) -> None:
    """A body that may come is not worth reading."""
    if scope["method"] not in SAFE_METHODS:
        close_after_answer(scope)


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

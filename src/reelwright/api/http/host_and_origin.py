"""Whom the API answers: by the name that it was called, and by the page that calls it.

A browser lets any page send requests here. What it does not let a page do is hide where it comes from:

- A page whose own name was pointed at this machine (DNS rebinding) comes under that name: `Host` has to be one of ours.
  An IP address cannot be such a name, so every one is taken.
- A page of another site says so in `Sec-Fetch-Site` or `Origin`: it may change nothing, unless its origin is in
  CORS_ORIGINS. What sends neither is no page: curl, servers, programs.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from reelwright.api.http.allowed_origins import AllowedOrigins
from reelwright.api.http.closing_answers import closing_answer, linger
from reelwright.api.http.open_connections import RequestsUnderWay
from reelwright.client_addresses import client_of
from reelwright.errors import Malformed, ReelwrightError
from reelwright.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing here."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?", re.ASCII)
_USUAL_PORTS = {"http": ":80", "https": ":443"}


class Misdirected(ReelwrightError):
    code = "misdirected"


class CrossOrigin(ReelwrightError):
    code = "cross_origin"


class HostNames:
    """The names under which the API answers, with any port."""

    def __init__(self, settings: Settings) -> None:
        own = socket.gethostname().lower().removesuffix(".")
        exact = {
            "localhost",
            own,
            own.partition(".")[0],
            settings.app_host.lower().removesuffix("."),
            *settings.allowed_hosts,
        }
        self._exact = frozenset(name for name in exact if name and not name.startswith("*"))
        self._below = tuple(name[1:] for name in settings.allowed_hosts if name.startswith("*."))
        self.refusal = lru_cache(maxsize=256)(self._refusal)

    def _refusal(self, host: str) -> ReelwrightError | None:
        """Why a request with this `Host` is not answered."""
        match = _HOST.fullmatch(host)
        if match is None or int(match[2] or 0) > 65535:
            return Malformed("The header Host has to be one name or address, with or without a port.")
        name = match[1].lower().removesuffix(".")
        if name in self._exact or name.endswith(self._below):
            return None
        with suppress(ValueError):
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
            return None
        if name.startswith("["):
            return Malformed("The address in the header Host is none.")
        return Misdirected(
            f'The service does not answer under the name "{name}". If that is its name, set ALLOWED_HOSTS={name} and'
            " start it anew."
        )


def cross_origin(host: str, origins: list[str], sites: list[str], allowed: Iterable[str]) -> bool:
    """Whether a page of another site sent a request: by its `Host`, `Origin`s and `Sec-Fetch-Site`s.

    Browsers send the second where the service is reached by https or on this machine, and it is right behind every
    proxy. Else the origin is compared with `Host`, not by its scheme: a proxy may have taken TLS off.
    """
    if not origins and not sites:
        return False
    if len(origins) == 1 and origins[0] in allowed:
        return False
    if sites:
        return sites not in (["same-origin"], ["none"])
    scheme, _, authority = origins[0].lower().partition("://")
    usual = _USUAL_PORTS.get(scheme, "")
    return len(origins) > 1 or not authority or authority.removesuffix(usual) != host.lower().removesuffix(usual)


class Gate:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings, pages: AllowedOrigins) -> None:
        self.app = app
        self._names = HostNames(settings)
        self._origins = frozenset(settings.cors_origins)
        self._pages = pages
        self._under_way = RequestsUnderWay(settings.max_connections_per_address)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or self._pages.is_preflight(scope["method"], scope["headers"]):
            await self.app(scope, receive, send)
        elif (refusal := self._refusal(scope)) is not None:
            await self._refuse(refusal, scope, receive, send)
        else:
            await self._let_in(scope, receive, send)

    def _refusal(self, scope: HTTPScope) -> ReelwrightError | None:
        hosts, origins, sites = [], [], []
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value.decode("latin-1"))
            elif name == b"origin":
                origins.append(value.decode("latin-1"))
            elif name == b"sec-fetch-site":
                sites.append(value.decode("latin-1"))
        if len(hosts) != 1:
            return Malformed(f"A request has one header Host, this one has {len(hosts) or 'none'}.")
        if (refusal := self._names.refusal(hosts[0])) is not None:
            return refusal
        if scope["method"] in SAFE_METHODS or not cross_origin(hosts[0], origins, sites, self._origins):
            return None
        page = f"of {origins[0][:100]}" if len(origins) == 1 and origins[0] != "null" else "of another origin"
        return CrossOrigin(
            f"The request was sent by a page {page}, which may change nothing here. If it may, name its origin in"
            " CORS_ORIGINS."
        )

    async def _let_in(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        address = client_of(scope["client"][0] if scope["client"] else None)
        if (refusal := self._under_way.admit(address)) is not None:
            await self._refuse(refusal, scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._under_way.forget(address)

    async def _refuse(self, refusal: ReelwrightError, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer, and read the body on for a while: a client that is still sending would not see the answer else."""
        body, headers = closing_answer(scope, refusal.status, refusal.code, refusal.detail, refusal.retry_after_s)
        headers += self._pages.headers(scope["headers"])
        await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": True})
        await linger(receive)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

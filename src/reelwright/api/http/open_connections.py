"""How many HTTP connections there may be, in all and of one address; and how many requests under way, of an address.

Where there are too many, those that have not asked for anything make room, the oldest first; where all have, the new
one is refused.
"""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from uvicorn.middleware.proxy_headers import _TrustedHosts

from reelwright.api.http.allowed_origins import AllowedOrigins
from reelwright.errors import Busy
from reelwright.settings import Settings
from reelwright.telemetry import metrics

MAX_LEAVING = 64
MAX_DESCRIPTORS = 65536
RESERVED_DESCRIPTORS = 128
"""For the database, the log, children and whatever else is no client."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to what never became a request."""

    status: int
    code: str
    detail: str
    retry_after_s: int | None = None


class Counted(Protocol):
    """A connection, as far as its number matters."""

    whose: str
    """The client that it counts for."""

    def look(self, now: float) -> None: ...

    def make_room(self) -> None:
        """End, and have `Connections.forget` it at once."""


class Connections:
    """All connections of a server."""

    def __init__(self, settings: Settings, *, forwarded_allow_ips: list[str] | str, pages: AllowedOrigins) -> None:
        self.pages = pages
        self.request_timeout_s = settings.request_timeout_s
        self.send_timeout_s = settings.send_timeout_s
        self.max_connections = min(settings.max_connections, _affordable())
        self.max_per_address = settings.max_connections_per_address
        self.trusted = _TrustedHosts(forwarded_allow_ips)
        self._proxies: set[str] = set()
        self._open: dict[Counted, None] = {}
        self._asking: dict[Counted, None] = {}
        """Those whose next request is not there yet, the one that waits the longest first."""
        self._leaving: dict[Counted, None] = {}
        """Those that were not let in, while they read why."""
        self._of_address: Counter[str] = Counter()

    def admit(self, connection: Counted) -> Refusal | None:
        """Count a new connection in. Where that is one too many, one that has not asked for anything yet is ended for
        it; where all have, the new one is refused."""
        address, refusal = connection.whose, None
        if self._is_crowded(address):
            if not self._make_room(address):
                refusal = Refusal(
                    429,
                    "rate_limited",
                    f"This address has {self.max_per_address} requests under way, more are not taken"
                    " (MAX_CONNECTIONS_PER_ADDRESS).",
                    retry_after_s=5,
                )
        elif len(self._open) >= self.max_connections and not self._make_room(None):
            refusal = Refusal(
                503, "busy", f"{self.max_connections} requests are under way, more are not taken (MAX_CONNECTIONS).", 5
            )
        if refusal is not None:
            if len(self._leaving) >= MAX_LEAVING:
                next(iter(self._leaving)).make_room()
            self._leaving[connection] = None
            return refusal
        self._open[connection] = None
        self._asking[connection] = None
        self._of_address[address] += 1
        metrics.CONNECTIONS.set(len(self._open))
        return None

    def forget(self, connection: Counted) -> None:
        self._leaving.pop(connection, None)
        if connection not in self._open:
            return
        del self._open[connection]
        self._asking.pop(connection, None)
        self._of_address[connection.whose] -= 1
        if not self._of_address[connection.whose]:
            del self._of_address[connection.whose]
        metrics.CONNECTIONS.set(len(self._open))

    def is_served(self, connection: Counted) -> None:
        """It has asked for something."""
        self._asking.pop(connection, None)

    def is_idle(self, connection: Counted) -> None:
        """It has its answer."""
        if connection in self._open:
            self._asking[connection] = None

    def is_proxy(self, address: str) -> None:
        """It is believed about whose requests it passes on, and does pass on: its connections are many clients'."""
        self._proxies.add(address)

    def look(self, now: float) -> None:
        """End whatever has taken too long. To be called about once a second."""
        for connection in [*self._open, *self._leaving]:
            connection.look(now)

    def _is_crowded(self, address: str) -> bool:
        limit = self.max_per_address
        return bool(limit) and address not in self._proxies and self._of_address[address] >= limit

    def _make_room(self, address: str | None) -> bool:
        oldest = next(self._unasked(address), None)
        if oldest is None:
            return False
        oldest.make_room()
        return True

    def _unasked(self, address: str | None) -> Iterator[Counted]:
        return (idle for idle in self._asking if address is None or idle.whose == address)


class TooManyRequests(Busy):
    code = "rate_limited"


class RequestsUnderWay:
    """Those of each address. Behind a proxy all connections are the proxy's: there the requests are what counts.
    `most`: 0 for any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_address: Counter[str] = Counter()

    def admit(self, address: str) -> TooManyRequests | None:
        """Count a new request in, unless that is one too many: return then how it is refused."""
        if self._most and self._of_address[address] >= self._most:
            return TooManyRequests(
                f"This address has {self._most} requests under way, more are not taken (MAX_CONNECTIONS_PER_ADDRESS)."
            )
        self._of_address[address] += 1
        return None

    def forget(self, address: str) -> None:
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]


def _affordable() -> int:
    """Return for how many connections there are descriptors: one each, and one for the file that it is sent."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        soft = limit
    return max(8, (soft - RESERVED_DESCRIPTORS) // 2)

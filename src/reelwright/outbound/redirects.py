"""Redirects, followed by hand: how many, to where, and that only the first origin hears what is secret. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reelwright.errors import RemoteRefused
from reelwright.outbound.url import Target

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)


class Way:
    """Of one request: to whom it goes now, by all redirects that have come. `headers` go to everybody,
    `secret_headers` to the origin of `target` alone, and not there either once a redirect has led away from it. With
    `most` 0 a redirect is an answer as any other."""

    def __init__(
        self, target: Target, headers: Mapping[str, str], secret_headers: Mapping[str, str], *, most: int
    ) -> None:
        self.target = target
        self._origin = target.origin
        self._headers = headers
        self._secret = secret_headers
        self._most = most
        self._followed = 0

    @property
    def headers(self) -> dict[str, str]:
        """Return those that go along now."""
        return {"Host": self.target.authority, **self._headers, **self._secret}

    def leads_on(self, status: int, location: str | None) -> bool:
        """Hear an answer. Return whether it has led to another target. Raises AddressRefused, RemoteRefused."""
        if self._most == 0 or status not in REDIRECTS or location is None:
            return False
        if self._followed == self._most:
            raise RemoteRefused(f"the address leads on and on: more than {self._most} redirects")
        self._followed += 1
        self.target = self.target.redirected(location)
        if self.target.origin != self._origin:
            self._secret = {}
        return True

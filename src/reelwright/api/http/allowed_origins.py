"""The pages of other origins that may read what is refused before the application, which answers pages itself.

Who is refused while a head is still coming may not have said yet from where: where one origin alone is allowed, it is
named, and a browser that asks for another page shows that nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

Headers = Iterable[tuple[bytes, bytes]]


class AllowedOrigins:
    """`origins`: exactly as browsers write them; `exposed`: the headers of answers that their pages may read."""

    def __init__(self, origins: Iterable[str] = (), exposed: Iterable[str] = ()) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)
        self._exposed = ", ".join(sorted(exposed)).encode()

    def __contains__(self, origin: bytes) -> bool:
        return origin in self._origins

    def headers(self, given: Headers, *, is_whole: bool = True) -> list[tuple[bytes, bytes]]:
        """Return what an answer has in addition. `given`: the headers of the request; `is_whole`: they are all."""
        origin = _one(given, b"origin")
        if origin is None and not is_whole and len(self._origins) == 1:
            (origin,) = self._origins
        if origin not in self._origins:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", self._exposed),
            (b"vary", b"Origin"),
        ]

    def is_preflight(self, method: str, given: Headers) -> bool:
        """Return whether a browser asks what a page may send. Refused, the page could not read why."""
        return (
            method == "OPTIONS"
            and _one(given, b"origin") in self._origins
            and _one(given, b"access-control-request-method") is not None
        )


def _one(given: Headers, wanted: bytes) -> bytes | None:
    found = [value for name, value in given if name == wanted]
    return found[0] if len(found) == 1 else None

"""What a tracer offers, and what is told to a span: known to those who trace and to those who send spans away."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Literal, Protocol

Kind = Literal["internal", "server", "producer", "consumer"]
Attributes = Mapping[str, str | int | float]


class Span(Protocol):
    """Something that lasts, seen from within."""

    def rename(self, name: str) -> None: ...

    def set(self, attributes: Attributes) -> None: ...

    def fail(self, reason: str) -> None: ...


class Tracer(Protocol):
    """Whoever makes spans. `carrier`: headers or alike, from which another process continues."""

    def span(
        self, name: str, attributes: Attributes, *, kind: Kind, carrier: Mapping[str, str] | None
    ) -> AbstractContextManager[Span]: ...

    def carrier(self) -> dict[str, str]: ...

    def close(self) -> None: ...

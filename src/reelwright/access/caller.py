"""Who asks: the key, and so the project, of the request that a task works for. None: nobody was asked for a key."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from reelwright.access.limits import NONE, AccessLimits
from reelwright.access.rate_buckets import Standing
from reelwright.access.scopes import Scope
from reelwright.db.ownership import confined


@dataclass(frozen=True, slots=True)
class Holder:
    """Who sends a request, by its key."""

    key_id: uuid.UUID
    project_id: uuid.UUID
    scopes: frozenset[Scope]
    expires_at: datetime.datetime | None
    limits: AccessLimits = NONE
    project_limits: AccessLimits = NONE
    is_limited: bool = False
    """Whether there is any limit by the minute, of which answers tell."""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def most(self, name: str) -> tuple[int | None, int | None]:
        """Return a limit of the project and of the key."""
        return self.project_limits.most(name), self.limits.most(name)


@dataclass(slots=True)
class Asking:
    """A request, as far as limits go. `standings`: of those that it has touched, as its answer tells them."""

    holder: Holder
    standings: list[Standing] = field(default_factory=list)


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


def asking() -> Asking | None:
    """Return whom this task works for."""
    return _asking.get()


def key_of_new() -> uuid.UUID | None:
    """Return the key with which a new row was asked for."""
    found = _asking.get()
    return None if found is None else found.holder.key_id


@contextmanager
def asked_by(request: Asking) -> Iterator[None]:
    """Let this task, and those that it starts, work for a key: they see its project alone."""
    token = _asking.set(request)
    try:
        with confined(request.holder.project_id):
            yield
    finally:
        _asking.reset(token)

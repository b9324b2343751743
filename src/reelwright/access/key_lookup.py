"""Keys as requests bring them: looked up once in some seconds, whoever asks.

A key that is revoked is refused by every process within MAX_AGE_S.
"""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.access import key_format
from reelwright.access.caller import Holder
from reelwright.access.key_uses import KeyUses
from reelwright.access.limits import BY_MINUTE, NONE, AccessLimits
from reelwright.access.request_rates import RequestRates
from reelwright.access.scopes import Scope

Look: TypeAlias = Callable[..., Awaitable[Sequence[Sequence[Any]]]]
"""Gives the rows of a short query and its arguments. Of a request with a key the look at its key is the dearest part:
it goes by the shortest way to the database, and not through SQLAlchemy."""

MAX_AGE_S = 5.0
MAX_KNOWN = 10_000
"""Keys that one process holds; those that were not asked for the longest time go first."""

_LOOK = """
SELECT k.id, k.project_id, k.scopes, k.expires_at, k.limits::text, p.limits::text
FROM api_keys k JOIN projects p ON p.id = k.project_id
WHERE k.digest = $1 AND k.revoked_at IS NULL
"""


class Keyring:
    """The keys that are good now. `of_keys`, `of_projects`: limits of those that have none of their own."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        look: Look,
        *,
        of_keys: AccessLimits = NONE,
        of_projects: AccessLimits = NONE,
    ) -> None:
        self.look = look
        self.of_keys, self.of_projects = of_keys, of_projects
        self.rates = RequestRates()
        self._known: dict[bytes, tuple[Holder, float]] = {}
        """By digest, with the time of the look. Only what is good: who tries keys out displaces none."""
        self.uses = KeyUses(sessions)

    async def holder(self, key: str) -> Holder | None:
        """Return whose the key is, None when it is none, or good no more. Raises what the database raises."""
        if not key_format.is_key(key):
            return None
        digest = key_format.digest(key)
        now = time.monotonic()
        holder, looked_at = self._known.get(digest, (None, 0.0))
        if holder is None or now - looked_at >= MAX_AGE_S:
            holder = await self._look(digest)
            self._known.pop(digest, None)
            if holder is None:
                return None
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[digest] = holder, now
        used_at = datetime.datetime.now(datetime.UTC)
        if holder.expires_at is not None and holder.expires_at <= used_at:
            return None
        self.uses.note(holder.key_id, used_at)
        return holder

    def forget(self) -> None:
        """Look every key up anew: one was revoked or changed here."""
        self._known.clear()

    async def _look(self, digest: bytes) -> Holder | None:
        for row in await self.look(_LOOK, digest):
            return self.holder_of(*row)
        return None

    def holder_of(
        self,
        key_id: uuid.UUID,
        project_id: uuid.UUID,
        scopes: Sequence[str],
        expires_at: datetime.datetime | None,
        limits: str,
        project_limits: str,
    ) -> Holder:
        """Return the holder of a key, by what its row says. Limits: its own and those of its project, as JSON."""
        known = frozenset(Scope(name) for name in scopes if name in set(Scope))
        of_key = AccessLimits.stored(msgspec.json.decode(limits)).over(self.of_keys)
        of_project = AccessLimits.stored(msgspec.json.decode(project_limits)).over(self.of_projects)
        by_minute = any(one.most(name) for one in (of_key, of_project) for name in BY_MINUTE)
        return Holder(key_id, project_id, known, expires_at, of_key, of_project, by_minute)

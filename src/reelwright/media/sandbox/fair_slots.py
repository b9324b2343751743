"""Turns at few places: each client has its share of them, small things go before large ones, and nobody waits for ever.

A client is an address (`client_addresses`). Who has used little lately goes first; the last free place is not for those
who have used much, nor for what is expected to take long.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from reelwright.client_addresses import client_of
from reelwright.errors import Busy

MUCH_S = 2.0
"""Who has used more, of late, has used much."""
HALF_LIFE_S = 30.0
"""After so long, half of what was used is forgotten."""
MAX_WAITING = 64
"""Of one client."""
MAX_REMEMBERED = 1024
"""Clients; then those who have used next to nothing are forgotten."""
BUSY = "Too much is being examined or drawn at the moment."

_client: ContextVar[str] = ContextVar("client", default="")


@contextmanager
def asked_by(address: str | None) -> Iterator[None]:
    """Whose request is carried out in this context. Without one, it is our own work: nothing of it waits in vain."""
    token = _client.set(client_of(address))
    try:
        yield
    finally:
        _client.reset(token)


@dataclass(slots=True)
class _Waiting:
    client: str
    large: bool
    number: int
    granted: asyncio.Future[float] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turns:
    """So many places, `at_once`, given to those who wait. `wait_s`: how long one does at most, None: for ever."""

    def __init__(self, at_once: int, *, wait_s: float | None = None) -> None:
        self._at_once = at_once
        self._wait_s = wait_s
        self._waiting: list[_Waiting] = []
        self._numbers = count()
        self._taken: dict[str, list[float]] = {}
        """By client: when each of its places was given."""
        self._used: dict[str, tuple[float, float]] = {}
        """By client: seconds, and when that was."""

    @asynccontextmanager
    async def turn(self, *, large: bool = False) -> AsyncIterator[None]:
        """A place, for the block. `large`: it may well take long. Raises Busy."""
        client = _client.get()
        began = await self._wait(client, large=large)
        try:
            yield
        finally:
            self._leave(client, began)

    async def _wait(self, client: str, *, large: bool) -> float:
        """When the place was given."""
        if client and sum(one.client == client for one in self._waiting) >= MAX_WAITING:
            raise Busy(BUSY)
        mine = _Waiting(client, large, next(self._numbers))
        self._waiting.append(mine)
        self._grant()
        try:
            async with asyncio.timeout(self._wait_s if client else None):
                return await mine.granted
        except BaseException as error:
            if mine.granted.done() and not mine.granted.cancelled():
                self._leave(client, mine.granted.result())
            else:
                self._waiting.remove(mine)
            if isinstance(error, TimeoutError):
                raise Busy(BUSY) from error
            raise

    def _leave(self, client: str, began: float) -> None:
        now = monotonic()
        used_s, at = self._used.get(client, (0.0, now))
        self._used[client] = _faded(used_s, now - at) + now - began, now
        self._taken[client].remove(began)
        if not self._taken[client]:
            del self._taken[client]
        self._grant()

    def _grant(self) -> None:
        now = monotonic()
        while free := self._at_once - sum(map(len, self._taken.values())):
            last = free == 1 and self._at_once > 1
            able = [one for one in self._waiting if not one.granted.done() and (not last or self._is_light(one, now))]
            if not able:
                break
            chosen = min(able, key=lambda one: self._rank(one, now))
            self._waiting.remove(chosen)
            self._taken.setdefault(chosen.client, []).append(now)
            chosen.granted.set_result(now)
        if len(self._used) > MAX_REMEMBERED:
            self._used = {name: used for name, used in self._used.items() if self._used_s(name, now) > MUCH_S / 100}

    def _is_light(self, one: _Waiting, now: float) -> bool:
        return not one.client or (not one.large and self._used_s(one.client, now) < MUCH_S)

    def _rank(self, one: _Waiting, now: float) -> tuple[int, bool, bool, float, int]:
        """The least goes first: by places held, by size, by use, then by coming."""
        used_s = self._used_s(one.client, now)
        return len(self._taken.get(one.client, ())), used_s >= MUCH_S, one.large, used_s, one.number

    def _used_s(self, client: str, now: float) -> float:
        used_s, at = self._used.get(client, (0.0, now))
        return _faded(used_s, now - at) + sum(now - began for began in self._taken.get(client, ()))


def _faded(used_s: float, after_s: float) -> float:
    return used_s * math.pow(0.5, after_s / HALF_LIFE_S)

"""How many connections there may be: who is let in, who makes room."""

from __future__ import annotations

import msgspec
import pytest

from reelwright.api.http import open_connections
from reelwright.api.http.allowed_origins import AllowedOrigins
from reelwright.api.http.open_connections import Connections
from reelwright.settings import Settings


class Client:
    """A connection, without what goes over it."""

    def __init__(self, whose: str, connections: Connections) -> None:
        self.whose = whose
        self.connections = connections
        self.is_open = True

    def look(self, now: float) -> None:
        """It has time."""

    def make_room(self) -> None:
        self.connections.forget(self)
        self.is_open = False


def test_a_crowd_that_is_not_let_in_is_bounded_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come in one turn: of those that read why, the first makes room for the next."""
    monkeypatch.setattr(open_connections, "MAX_LEAVING", 3)
    settings = msgspec.structs.replace(Settings(), max_connections=1, max_connections_per_address=0)
    connections = Connections(settings, forwarded_allow_ips=[], pages=AllowedOrigins([], []))
    served = Client("a", connections)
    assert connections.admit(served) is None
    connections.is_served(served)
    crowd = [Client("b", connections) for _ in range(10)]
    for one in crowd:
        refusal = connections.admit(one)
        assert refusal is not None
        assert refusal.status == 503
        connections.is_idle(one)  # it has read its refusal, and is none of those that may ask
    assert [one.is_open for one in crowd] == [False] * 7 + [True] * 3
    assert served.is_open
    connections.forget(served)
    assert connections.admit(Client("c", connections)) is None

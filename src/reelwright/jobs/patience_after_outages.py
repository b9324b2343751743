"""How long nobody's lease is judged after the database was away: those of live attempts have run out as well, and are
renewed first."""

from __future__ import annotations

import time

from reelwright.db.connection import STATEMENT_TIMEOUT_S

OUTAGE_PATIENCE_S = STATEMENT_TIMEOUT_S + 4
"""After an outage whoever is alive has found out by then that its connection is not, and has written by another."""


class OutagePatience:
    """Of one process: over when the database could be reached for `patience_s`, after an outage for OUTAGE_PATIENCE_S
    at the least."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._reached_since: float | None = None

    def begin_anew(self) -> None:
        """Say that the database is away."""
        self._reached_since = None
        self._patience_s = max(self._patience_s, OUTAGE_PATIENCE_S)

    def is_over(self) -> bool:
        """Return whether a lease that has run out says that its attempt is dead. Whoever asks has just reached the
        database."""
        now = time.monotonic()
        self._reached_since = self._reached_since or now
        return now - self._reached_since >= self._patience_s

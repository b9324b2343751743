"""Plain requests by the minute, of keys and of projects, as one process counts them: nobody is asked about them."""

from __future__ import annotations

import math
import time
import uuid

from reelwright.access.caller import Asking
from reelwright.access.rate_buckets import drawn
from reelwright.errors import RateLimited

MAX_KNOWN = 20_000
"""Buckets that are looked through for full ones, which say nothing."""


class RequestRates:
    """The buckets of all who ask."""

    def __init__(self) -> None:
        self._full_at: dict[uuid.UUID, float] = {}

    def used(self, request: Asking) -> dict[str, int]:
        """Return how many of a minute's requests are used, by the name of each limit that there is."""
        return {one.name: one.most - one.left for one in request.standings}

    def count(self, request: Asking) -> None:
        """Count a request. Raises RateLimited."""
        holder = request.holder
        of_project, of_key = holder.most("requests_per_minute")
        now = time.monotonic()
        taken = []
        for whose, subject, most in (("project", holder.project_id, of_project), ("key", holder.key_id, of_key)):
            if most is None:
                continue
            standing, full_at = drawn(f"{whose}-requests", most, self._full_at.get(subject, now), now)
            request.standings.append(standing)
            if standing.refused:
                raise RateLimited(
                    f"The {whose} may send {most} requests a minute, more are not answered (requests_per_minute).",
                    retry_after_s=math.ceil(standing.wait_s),
                )
            taken.append((subject, full_at))
        for subject, full_at in taken:
            self._full_at[subject] = full_at
        if len(self._full_at) > MAX_KNOWN:
            self._full_at = {subject: full_at for subject, full_at in self._full_at.items() if full_at > now}

"""What is counted by the minute, and what is left of it: a bucket for each limit. Pure.

It lies in a bucket that holds a minute's worth and fills evenly: so much may come at once, and after that one each
`60 / limit` seconds. All that has to be kept of a bucket is when it will be full again.
"""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a limit by the minute. `name`: as headers name it; `full_in_s`: until it is whole again."""

    name: str
    most: int
    left: int
    full_in_s: float
    refused: bool = False

    @property
    def wait_s(self) -> float:
        """How long until there is one again."""
        return max(0.0, self.full_in_s - WINDOW_S + WINDOW_S / self.most)


def drawn(name: str, most: int, full_at: float, now: float) -> tuple[Standing, float]:
    """Take one out of a bucket that would be full at `full_at`. Return how it stands then, and when it will be full
    again; where there was none to take, nothing has changed."""
    waits_s = max(full_at - now, 0.0)
    after_s = waits_s + WINDOW_S / most
    if after_s > WINDOW_S + 1e-6:
        return Standing(name, most, 0, waits_s, refused=True), full_at
    return Standing(name, most, int((WINDOW_S - after_s) * most / WINDOW_S + 1e-6), after_s), now + after_s

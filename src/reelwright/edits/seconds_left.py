"""The seconds until a job has ended, as an interval."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

DIGITS = 2

Seconds = Annotated[float, Meta(ge=0)]


class SecondsLeft(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds until the job has ended, with all that it still waits for: `low_s` to `high_s` should hold four times in
    five, `likely_s` is the middle of it."""

    low_s: Seconds
    likely_s: Seconds
    high_s: Seconds

    def after(self, passed_s: float) -> SecondsLeft:
        """What is left of it so many seconds later."""
        passed_s = max(passed_s, 0.0)
        return SecondsLeft(
            low_s=round(max(self.low_s - passed_s, 0.0), DIGITS),
            likely_s=round(max(self.likely_s - passed_s, 0.0), DIGITS),
            high_s=round(max(self.high_s - passed_s, 0.0), DIGITS),
        )


Eta = Annotated[
    SecondsLeft | None,
    Meta(
        description="Until it has ended. Null: it has, or nothing is known: no earlier job was of its kind, or nobody"
        " can say when what it waits for comes (`waiting_for`)."
    ),
]
"""As it is told."""

"""The seconds until a job has ended, as the interval that is told of them. Worked out by jobs/time_left.py."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0)]


class SecondsLeft(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds until the job has ended, with all that it still waits for: `low_s` to `high_s` should hold four times in
    five, `likely_s` is the middle of it."""

    low_s: Seconds
    likely_s: Seconds
    high_s: Seconds


Eta = Annotated[
    SecondsLeft | None,
    Meta(
        description="Until it has ended. Null: it has, or nothing is known: no earlier job was of its kind, or nobody"
        " can say when what it waits for comes (`waiting_for`)."
    ),
]
"""As it is told."""

"""The JSON of when a job has its turn; requests that make jobs have the three fields."""

from __future__ import annotations

import datetime
from typing import Annotated, Protocol

from msgspec import Meta

from reelwright.api.schemas.base import Timestamp
from reelwright.errors import InvalidInput
from reelwright.jobs.timing import MAX_AHEAD_S, MOST_URGENT, Timing

_DAYS = MAX_AHEAD_S // (24 * 3600)

Priority = Annotated[
    int,
    Meta(
        ge=-MOST_URGENT,
        le=MOST_URGENT,
        description="Of the jobs of a project that wait, higher ones go first, then older ones. It says nothing to"
        " other projects.",
    ),
]
RunAt = (
    Annotated[
        Timestamp,
        Meta(
            description=f"The job does not begin before, with its offset from UTC; at most {_DAYS} days ahead. Until"
            " then it waits for its `schedule`. Its result is made anew.",
            examples=["2026-12-24T02:00:00+01:00"],
        ),
    ]
    | None
)
ExpiresAt = (
    Annotated[
        Timestamp,
        Meta(
            description=f"If the job has not begun by then it fails with the code `expired`; at most {_DAYS} days"
            " ahead. One that has begun goes on. Its result is made anew.",
            examples=["2026-12-24T06:00:00+01:00"],
        ),
    ]
    | None
)


class AsksForTiming(Protocol):
    """Any request that has the fields."""

    @property
    def priority(self) -> int: ...
    @property
    def run_at(self) -> datetime.datetime | None: ...
    @property
    def expires_at(self) -> datetime.datetime | None: ...


def timing_of(request: AsksForTiming) -> Timing:
    """Return what a request says. Raises InvalidInput that names every wrong field."""
    timing = Timing(request.priority, request.run_at, request.expires_at)
    if errors := timing.faults(datetime.datetime.now(datetime.UTC)):
        raise InvalidInput(errors)
    return timing

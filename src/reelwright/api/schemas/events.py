"""The JSON of a project's log."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.events.event import Event


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log."""

    items: list[Event]
    next_after: Annotated[int, Meta(description="`?after=` of the next request: nothing is missed or comes twice.")]
    last_seq: Annotated[int, Meta(description="The number of the newest event.")]

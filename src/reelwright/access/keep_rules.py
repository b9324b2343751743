"""How long a project keeps what: its own rules over those of the settings, in seconds. Pure.

They are about what is stored. How long a job may wait for its start is another matter, and no rule of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

DAY_S = 24 * 3600
MAX_KEEP_S = 100 * 365 * DAY_S
KeepSeconds = Annotated[int, Meta(ge=0, le=MAX_KEEP_S)]
"""Seconds; 0: for good."""


class KeepRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So long what is new is kept, seconds. 0: for good. Who asks for something may say otherwise of it."""

    videos_s: Annotated[KeepSeconds, Meta(description="Videos, from when they came.")] = 0
    results_s: Annotated[KeepSeconds, Meta(description="Variants, from when they were made.")] = 0
    assets_s: Annotated[
        KeepSeconds, Meta(description="Pictures, sounds and subtitles that edits use, from when they came.")
    ] = 0
    jobs_s: Annotated[KeepSeconds, Meta(description="Jobs that have ended, once their results are gone.")] = 0
    events_s: Annotated[KeepSeconds, Meta(description="Events.")] = 30 * DAY_S
    deliveries_s: Annotated[
        KeepSeconds, Meta(description="What was sent to webhooks; no longer than the events are kept.")
    ] = 30 * DAY_S
    trash_s: Annotated[
        KeepSeconds, Meta(description="Deleted videos can be had back for so long. 0: they are gone at once.")
    ] = 0

    def with_own(self, stored: Mapping[str, Any]) -> KeepRules:
        """Return these, but for what a project's row says itself. What another release has added says nothing here."""
        return msgspec.structs.replace(self, **{name: kept for name, kept in stored.items() if name in NAMES})

    @property
    def deliveries_at_most_s(self) -> int:
        """Return for how long deliveries are kept: what was sent is shown with its event."""
        ends = [kept for kept in (self.deliveries_s, self.events_s) if kept]
        return min(ends, default=0)


NAMES = tuple(KeepRules.__struct_fields__)
AS_SHIPPED = KeepRules()

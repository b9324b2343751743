"""How much a key and a project may do: their limits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.settings import Settings

MOST = 2**53
"""What a number of JSON can be."""
Most = Annotated[int, Meta(ge=0, le=MOST)]


class AccessLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits of a key, or of a project. 0: none. What is not set is as the settings say."""

    requests_per_minute: Annotated[
        Most | UnsetType,
        Meta(description="Requests a minute, counted by each API process on its own. 0: no limit."),
    ] = UNSET
    jobs_per_minute: Annotated[Most | UnsetType, Meta(description="New jobs a minute, retries too. 0: no limit.")] = (
        UNSET
    )
    unfinished_jobs: Annotated[Most | UnsetType, Meta(description="Jobs at once that wait or run. 0: no limit.")] = (
        UNSET
    )
    concurrent_uploads: Annotated[Most | UnsetType, Meta(description="Uploads at once. 0: no limit.")] = UNSET
    stored_bytes: Annotated[
        Most | UnsetType,
        Meta(
            description="Bytes of all stored files of the project, those that several share counted once. Of a key:"
            " with it nothing more is stored, and no job is made, when its project has so many. 0: no limit."
        ),
    ] = UNSET
    made_minutes_per_day: Annotated[
        Most | UnsetType,
        Meta(
            description="Minutes of video and sound made in a day (UTC); beyond, no new jobs. Of a key: it looks at"
            " its project. 0: no limit."
        ),
    ] = UNSET
    made_minutes_per_month: Annotated[Most | UnsetType, Meta(description="The same in a month. 0: no limit.")] = UNSET

    @classmethod
    def stored(cls, value: Mapping[str, Any]) -> AccessLimits:
        """Return limits as a row has them. What another release has added says nothing here."""
        return msgspec.convert({name: most for name, most in value.items() if name in NAMES}, cls)

    def over(self, defaults: AccessLimits) -> AccessLimits:
        """Return these limits, and where none is set that of the defaults."""
        return AccessLimits(**{name: most for name in NAMES if (most := self._or(name, defaults)) is not UNSET})

    def _or(self, name: str, defaults: AccessLimits) -> Any:
        own = getattr(self, name)
        return getattr(defaults, name) if own is UNSET else own

    def most(self, name: str) -> int | None:
        """Return a limit, None where there is none."""
        return getattr(self, name) or None


def limits_of(settings: Settings, whose: str) -> AccessLimits:
    """Return the limits that keys (`key`) or projects (`project`) have which have none of their own."""
    given = {name: getattr(settings, f"{whose}_{name}", None) for name in NAMES}
    return AccessLimits.stored({name: most for name, most in given.items() if most is not None})


NAMES = tuple(AccessLimits.__struct_fields__)
NONE = AccessLimits()
BY_MINUTE = ("requests_per_minute", "jobs_per_minute")
COME_BACK_S = 5
"""When a job or an upload ends, nobody knows."""
MAX_QUEUE_SHARE = 100
"""So many times the time of a project of share 1 one may get where both wait."""
QueueShare = Annotated[int, Meta(ge=1, le=MAX_QUEUE_SHARE)]

"""The JSON of limits: the service's, those of the key that asks; those that keys and projects are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from reelwright.access.limits import NAMES, AccessLimits, Most
from reelwright.access.used_limits import Used
from reelwright.api.schemas.base import Body
from reelwright.api.schemas.keeping import KeepRulesOut


class LimitOut(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of the service."""

    name: str
    value: float
    unit: str
    status: Annotated[
        int | None, Meta(description="What is answered beyond it. Null: what is under way ends, or waits.")
    ]
    setting: Annotated[str | None, Meta(description="By which an operator changes it. Null: it is built in.")]
    meaning: str


class UsedLimitOut(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of a key or a project."""

    limit: Annotated[int | None, Meta(description="Null: there is none.")]
    used: Annotated[
        int | None, Meta(description="How much of it is used now. Null: nobody counts it where there is no limit.")
    ]


class UsedLimitsOut(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a key or a project, and how much of each is used."""

    requests_per_minute: UsedLimitOut
    jobs_per_minute: UsedLimitOut
    unfinished_jobs: UsedLimitOut
    concurrent_uploads: UsedLimitOut
    stored_bytes: UsedLimitOut
    made_minutes_per_day: UsedLimitOut
    made_minutes_per_month: UsedLimitOut

    @classmethod
    def of(cls, limits: AccessLimits, used: Used) -> UsedLimitsOut:
        return cls(**{name: UsedLimitOut(limit=limits.most(name), used=getattr(used, name)) for name in NAMES})


class LimitsPage(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit that there is."""

    service: Annotated[list[LimitOut], Meta(description="The same for everybody.")]
    key: Annotated[UsedLimitsOut | None, Meta(description="Of the key that asks. Null: none was asked for.")]
    project: Annotated[
        UsedLimitsOut | None, Meta(description="Of all keys of its project together. Null: no key was asked for.")
    ]
    keep: Annotated[KeepRulesOut, Meta(description="How long what comes now is kept, where its request does not say.")]
    queue_share: Annotated[
        int | None,
        Meta(
            description="The weight of its project where jobs of several wait: one of 3 gets three times the workers'"
            " time of one of 1. Null: no key was asked for."
        ),
    ]


class LimitsIn(Body, frozen=True, kw_only=True):
    """Limits of its own. 0: no limit; null: as the settings say."""

    requests_per_minute: Annotated[
        Most | UnsetType | None, Meta(description="Requests a minute, counted by each API process on its own.")
    ] = UNSET
    jobs_per_minute: Annotated[Most | UnsetType | None, Meta(description="New jobs a minute, retries too.")] = UNSET
    unfinished_jobs: Annotated[Most | UnsetType | None, Meta(description="Jobs at once that wait or run.")] = UNSET
    concurrent_uploads: Annotated[Most | UnsetType | None, Meta(description="Uploads at once.")] = UNSET
    stored_bytes: Annotated[
        Most | UnsetType | None,
        Meta(
            description="Bytes of all stored files of the project, those that several share counted once. Of a key:"
            " with it nothing more is stored, and no job is made, when its project has so many."
        ),
    ] = UNSET
    made_minutes_per_day: Annotated[
        Most | UnsetType | None,
        Meta(
            description="Minutes of video and sound made in a day (UTC); beyond, no new jobs. Of a key: it looks at"
            " its project."
        ),
    ] = UNSET
    made_minutes_per_month: Annotated[Most | UnsetType | None, Meta(description="The same in a month.")] = UNSET

    @property
    def given(self) -> dict[str, int | None]:
        """Return those that are named."""
        return {name: most for name in NAMES if (most := getattr(self, name)) is not UNSET}

    @property
    def limits(self) -> AccessLimits:
        """Return them as those of a new key."""
        return AccessLimits.stored({name: most for name, most in self.given.items() if most is not None})


class LimitsOut(Body, frozen=True, kw_only=True):
    """Limits of its own. 0: no limit; null: as the settings say."""

    requests_per_minute: int | None
    jobs_per_minute: int | None
    unfinished_jobs: int | None
    concurrent_uploads: int | None
    stored_bytes: int | None
    made_minutes_per_day: int | None
    made_minutes_per_month: int | None

    @classmethod
    def of(cls, stored: Mapping[str, int]) -> LimitsOut:
        return cls(**{name: stored.get(name) for name in NAMES})

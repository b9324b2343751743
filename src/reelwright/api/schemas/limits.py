"""The JSON of limits: the service's, and those of the key that asks."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.access.admission import Used
from reelwright.access.limits import NAMES, AccessLimits
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

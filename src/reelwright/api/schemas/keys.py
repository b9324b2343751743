"""The JSON of keys."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from reelwright.access.keys import DEFAULT_PROJECT, MAX_NAME_LENGTH, MAX_OVERLAP_S, NewKey
from reelwright.access.limits import NAMES, AccessLimits, Most, QueueShare
from reelwright.access.scopes import USUAL, Scope
from reelwright.api.schemas.base import Body, Page, Timestamp
from reelwright.api.schemas.keeping import KeepRulesIn, KeepRulesOut
from reelwright.db.models import ApiKey, Project

KeyName = Annotated[
    str, Meta(min_length=1, max_length=MAX_NAME_LENGTH, description="What people know it by, as `uploads of the shop`.")
]
ProjectName = Annotated[
    str,
    Meta(
        pattern="^[a-z0-9][a-z0-9._-]{0,62}$",
        description="Whose things the key sees and makes. One that is new is made with the key.",
    ),
]
QUEUE_SHARE = (
    "Its weight where jobs of several projects wait: one of 3 gets three times the workers' time of one of 1, as long"
    " as both wait. What one leaves the others have."
)
Scopes = Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=len(Scope), description="What it allows.")]


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


class KeyIn(Body, frozen=True, kw_only=True):
    """A new key."""

    name: KeyName
    project: ProjectName = DEFAULT_PROJECT
    scopes: Scopes = USUAL
    expires_at: Annotated[Timestamp | None, Meta(description="Until then it is good. Null: until it is revoked.")] = (
        None
    )
    limits: LimitsIn = LimitsIn()


class KeyPatch(Body, frozen=True, kw_only=True):
    """What changes of a key; what is left out stays as it is."""

    name: KeyName | UnsetType = UNSET
    limits: LimitsIn = LimitsIn()


class ProjectPatch(Body, frozen=True, kw_only=True):
    """What changes of a project; what is left out stays as it is."""

    limits: LimitsIn = LimitsIn()
    keep: KeepRulesIn = KeepRulesIn()
    queue_share: Annotated[QueueShare | UnsetType, Meta(description=QUEUE_SHARE)] = UNSET


class ProjectOut(Body, frozen=True, kw_only=True):
    """A project: whose things are."""

    id: uuid.UUID
    name: str
    created_at: Timestamp
    limits: LimitsOut
    keep: KeepRulesOut
    queue_share: Annotated[int, Meta(description=QUEUE_SHARE)]
    stored_bytes: Annotated[
        int, Meta(description="Bytes of its files, of those in the trash too; those that several share count once.")
    ]

    @classmethod
    def of(cls, row: Project, stored_bytes: int) -> ProjectOut:
        return cls(
            id=row.id,
            name=row.name,
            created_at=row.created_at,
            limits=LimitsOut.of(row.limits),
            keep=KeepRulesOut.of(row.keep),
            queue_share=row.queue_share,
            stored_bytes=stored_bytes,
        )


class ProjectPage(Page[ProjectOut], frozen=True, kw_only=True):
    """One page of projects."""


class KeyRotation(Body, frozen=True, kw_only=True):
    """How a key is replaced."""

    overlap_s: Annotated[
        int, Meta(ge=0, le=MAX_OVERLAP_S, description="So long the old one is good yet, seconds (a day).")
    ] = 24 * 3600


class KeyOut(Body, frozen=True, kw_only=True):
    """A key, without the key itself."""

    id: uuid.UUID
    name: str
    project: str
    hint: Annotated[str, Meta(description="How the key begins.")]
    scopes: tuple[Scope, ...]
    created_at: Timestamp
    expires_at: Timestamp | None
    revoked_at: Timestamp | None
    last_used_at: Annotated[Timestamp | None, Meta(description="Some seconds late. Null: never.")]
    limits: LimitsOut

    @classmethod
    def of(cls, row: ApiKey, project: str) -> KeyOut:
        return cls(**_shown(row, project))


class KeyMade(KeyOut, frozen=True, kw_only=True):
    """A key, as it is told once."""

    key: Annotated[str, Meta(description="The key itself. It is not stored: nobody can tell it again.")]

    @classmethod
    def new(cls, made: NewKey) -> KeyMade:
        return cls(key=made.secret, **_shown(made.row, made.project))


class KeyPage(Page[KeyOut], frozen=True, kw_only=True):
    """One page of keys."""


def _shown(row: ApiKey, project: str) -> dict[str, Any]:
    same = ("id", "name", "hint", "created_at", "expires_at", "revoked_at", "last_used_at")
    scopes = tuple(Scope(name) for name in row.scopes)
    limits = LimitsOut.of(row.limits)
    return {"project": project, "scopes": scopes, "limits": limits, **{name: getattr(row, name) for name in same}}

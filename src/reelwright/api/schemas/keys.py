"""The JSON of keys."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from reelwright.access.keys import MAX_NAME_LENGTH, MAX_OVERLAP_S, NewKey
from reelwright.access.projects import DEFAULT_PROJECT
from reelwright.access.scopes import USUAL, Scope
from reelwright.api.schemas.base import Body, Page, Timestamp
from reelwright.api.schemas.limits import LimitsIn, LimitsOut
from reelwright.db.models import ApiKey

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
Scopes = Annotated[tuple[Scope, ...], Meta(min_length=1, max_length=len(Scope), description="What it allows.")]


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

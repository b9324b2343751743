"""The JSON of projects."""

from __future__ import annotations

import uuid
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from reelwright.access.limits import QueueShare
from reelwright.api.schemas.base import Body, Page, Timestamp
from reelwright.api.schemas.keeping import KeepRulesIn, KeepRulesOut
from reelwright.api.schemas.limits import LimitsIn, LimitsOut
from reelwright.db.models import Project

QUEUE_SHARE = (
    "Its weight where jobs of several projects wait: one of 3 gets three times the workers' time of one of 1, as long"
    " as both wait. What one leaves the others have."
)


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

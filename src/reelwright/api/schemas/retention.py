"""The JSON of what would be deleted."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.api.schemas.base import Timestamp
from reelwright.jobs.retention_dry_run import Ending, What


class EndingOut(msgspec.Struct, frozen=True, kw_only=True):
    """What ends of one kind in one project."""

    project: str
    kind: What
    count: Annotated[int, Meta(description="How many go.")]
    held: Annotated[int, Meta(description="How many more would, but for unfinished jobs that read them.")]
    size_bytes: Annotated[
        int, Meta(description="Bytes of their files; what they share with something that stays is not counted.")
    ]
    into_trash: Annotated[bool, Meta(description="They can be had back first, and their bytes stay until then.")]

    @classmethod
    def of(cls, ending: Ending) -> EndingOut:
        return msgspec.convert(ending, cls, from_attributes=True)


class EndingsOut(msgspec.Struct, frozen=True, kw_only=True):
    """What would be deleted by then, and is not yet."""

    at: Timestamp
    items: list[EndingOut]

"""The JSON of queues."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.api.schemas.base import Timestamp
from reelwright.jobs.pausing import QueueState


class QueueOut(msgspec.Struct, frozen=True, kw_only=True):
    """A queue: what waits in it, and whether workers start it."""

    name: str
    part_of: Annotated[
        str | None, Meta(description="The queue that it is a part of: with that it is paused and resumed as well.")
    ]
    paused: Annotated[bool, Meta(description="Workers start no job of it: it is paused, or that which it is part of.")]
    paused_at: Timestamp | None
    paused_by: Annotated[
        str | None,
        Meta(description="`key NAME`, `API` where no keys are asked for, or the name of the database user."),
    ]
    reason: Annotated[str | None, Meta(description="Why, as whoever paused it has said.")]
    waiting: Annotated[int, Meta(description="Jobs that wait in it, not those that share the encode of one of them.")]
    due: Annotated[int, Meta(description="Of those, the ones that may begin now: it is their time.")]
    running: int
    workers: Annotated[int, Meta(description="Living workers that take jobs of it.")]

    @classmethod
    def of(cls, state: QueueState) -> QueueOut:
        return cls(
            name=state.name,
            part_of=state.part_of,
            paused=state.paused_at is not None,
            paused_at=state.paused_at,
            paused_by=state.paused_by,
            reason=state.paused_why,
            waiting=state.waiting,
            due=state.due,
            running=state.running,
            workers=state.workers,
        )


class QueuesOut(msgspec.Struct, frozen=True, kw_only=True):
    """Every queue that there is."""

    items: list[QueueOut]

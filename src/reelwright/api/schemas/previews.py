"""The JSON that asks for a look at what an edit would make."""

from __future__ import annotations

import uuid
from typing import Annotated

from msgspec import Meta

from reelwright.api.schemas.base import Body
from reelwright.api.schemas.edits import MAX_STEPS
from reelwright.edits.steps import Step
from reelwright.edits.templates import TemplateReference, Variables
from reelwright.edits.timecode import Moment


class LookIn(Body, frozen=True, kw_only=True):
    """What `POST /edits` takes, without outputs, and a time. A `template`'s outputs are left aside."""

    source: Annotated[uuid.UUID, Meta(description="A video or a variant, by its id.")]
    steps: Annotated[tuple[Step, ...], Meta(max_length=MAX_STEPS, description="In this order.")] = ()
    template: TemplateReference | None = None
    variables: Variables | None = None
    t: Annotated[Moment, Meta(description="When, on the time line of what the steps make.")] = 0

"""What all request bodies have in common."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from reelwright.edits.edit import When

Moment = Annotated[
    When,
    Meta(
        description='Seconds (`90.5`), or as text `"SS"`, `"MM:SS"` or `"HH:MM:SS"`, with decimals (`"1:30.500"`).',
        examples=[90.5, "1:30.500", "00:01:30"],
    ),
]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""

    other_spellings: ClassVar[dict[str, str]] = {}
    """Names under which a field is taken too: other name -> field."""

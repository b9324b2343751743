"""What all request bodies have in common."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from reelwright.edits.model import When

Moment = Annotated[
    When,
    Meta(
        description='Seconds (`2.5`) or `"HH:MM:SS(.sss)"` (`"00:00:02.500"`).',
        examples=[2.5, "00:00:02.500"],
    ),
]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body: unknown fields are refused."""

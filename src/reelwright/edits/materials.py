"""Materials: what steps bring in beside the video, as requests name it."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from reelwright.edits.layers import AnyLayer

SourceName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=8192,
        description="`video:<id>`, `variant:<id>`, `asset:<id>`, a file of the assets folder by its name, or an"
        " `https://` address.",
    ),
]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """A source by its name. Of it, a step takes its `sound`, or the `picture`, still or moving, with what is heard."""

    name: str
    takes: Literal["sound", "picture"]


class Material(NamedTuple):
    """One thing that a step brings in. `place`: where within the step the request has it."""

    place: str
    wanted: AnyLayer | Named

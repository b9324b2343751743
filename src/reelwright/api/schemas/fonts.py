"""The JSON of the fonts that texts can be drawn with."""

from __future__ import annotations

import msgspec


class FontOut(msgspec.Struct, frozen=True, kw_only=True):
    """A font that texts can name by `family`, by family and `style`, or by `file_name`."""

    family: str
    style: str
    file_name: str

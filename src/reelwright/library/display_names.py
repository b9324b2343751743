"""What a file of a client's is called: made fit to show and to store; it is never part of a path. Pure."""

from __future__ import annotations

import unicodedata

_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Bidirectional classes of the characters that turn the text around them."""


def display_name(name: str) -> str:
    """Make a client's file name fit to show and store: no folders, nothing invisible that misleads, <= 255 bytes."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(
        char
        for char in name
        if unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")
        and unicodedata.bidirectional(char) not in _TURNING
    )
    name = name.strip().encode()[:255].decode(errors="ignore")
    return name if name.strip(".") else "unnamed"

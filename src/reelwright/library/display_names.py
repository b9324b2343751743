"""What files are called where they are shown and saved: clients' own and fetched ones, made fit for that, and results;
never a part of a path. Pure."""

from __future__ import annotations

import email.message
import unicodedata
from pathlib import PurePosixPath

from reelwright.edits.kinds_and_states import Quality, VariantKind

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


def remote_name(disposition: str) -> str | None:
    """Return what the header Content-Disposition of a fetched file calls it, fit to show and store; None where it says
    no name that can be read."""
    said = email.message.Message()
    said["Content-Disposition"] = disposition
    try:
        name = said.get_filename()
    except ValueError:  # an encoding that decodes nothing, a part of it that has an absurd number
        return None
    return display_name(name) if name else None


def result_name(upload: str, kind: VariantKind | None, quality: Quality | None, suffix: str) -> str:
    """ "holiday.mov" trimmed: "holiday-trim.mp4"."""
    stem = PurePosixPath(upload).stem or "video"
    made = "" if kind is None else f"-{kind.value}"
    size = f"-{quality.value}" if quality and quality is not Quality.SOURCE else ""
    return f"{stem}{made}{size}{suffix}"

"""PNG files as they are written here: how large they may be, and which size they say they have; and what is said of
pictures that cannot be read."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from reelwright.errors import UnreadableMedia

DAMAGED = "The picture is damaged: reading it failed."
HEADER = struct.Struct(">8sI4sII")
"""Signature, then the IHDR chunk's length, name, width, height (PNG specification, 11.2.2)."""


def most_bytes(pixels: int) -> int:
    """Of a PNG with so many RGBA pixels that hardly compress."""
    return pixels * 5 + 2**20


def size(target: BinaryIO) -> tuple[int, int]:
    """Width and height from the file itself: what wrote it may have been taken over by the picture it read."""
    head = os.pread(target.fileno(), HEADER.size, 0)
    if len(head) == HEADER.size:
        signature, _, name, width, height = HEADER.unpack(head)
        if signature == b"\x89PNG\r\n\x1a\n" and name == b"IHDR" and width and height:
            return width, height
    raise UnreadableMedia(DAMAGED)

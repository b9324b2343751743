"""The boxes of an MP4 or MOV (ISO/IEC 14496-12), followed without a parser: whether it comes in fragments, and whether
its index comes first."""

from __future__ import annotations

import os
import struct

MAX_BOXES = 100_000


def has_fragments(media_fd: int) -> bool:
    """Whether it keeps samples in `moof` boxes, which its index does not count.

    True also where the boxes cannot be followed to the end: then nothing is known of them.
    """
    size, position = os.fstat(media_fd).st_size, 0
    for _ in range(MAX_BOXES):
        header = os.pread(media_fd, 16, position)
        if len(header) < 8:
            return False
        length = int.from_bytes(header[:4])
        if header[4:8] == b"moof":
            return True
        if length == 1 and len(header) == 16:
            (length,) = struct.unpack(">Q", header[8:])
        elif length == 0:
            return False
        if length < 8 or position + length > size:
            return length < 8
        position += length
    return True


def index_first(media_fd: int) -> bool | None:
    """Whether, of an ISO media file, the index (`moov`) comes before the media (`mdat`); None of any other."""
    position, size = 0, os.fstat(media_fd).st_size
    while position < size:
        header = os.pread(media_fd, 16, position)
        kind, length = header[4:8], int.from_bytes(header[:4])
        if position == 0 and kind != b"ftyp":
            return None
        if kind in (b"moov", b"mdat"):
            return kind == b"moov"
        if length == 1:
            length = int.from_bytes(header[8:16])
        if length < 8:
            return False
        position += length
    return False

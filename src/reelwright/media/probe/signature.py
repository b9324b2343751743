"""What a file's own bytes say of its container, read without a parser: to word a refusal, not to trust a file."""

from __future__ import annotations

import os
import struct

from reelwright import file_formats

SIGNATURE_BYTES = 1024
MAX_BOXES = 100_000

_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")


def container_kind(head: bytes) -> str | None:
    """FFmpeg's name of the container that begins with `head` (SIGNATURE_BYTES of it); None: none that we know."""
    known = file_formats.by_first_bytes(head)
    if known is not None and known not in file_formats.IMAGES:
        return known.demuxer
    if head[4:8] in _ISO_BOXES:
        return "mov"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    for packet, offset in ((188, 0), (192, 4)):
        syncs = head[offset::packet]
        if len(syncs) >= 4 and set(syncs) == {0x47}:
            return "mpegts"
    return None


def has_fragments(media_fd: int) -> bool:
    """Whether an ISO media file (ISO/IEC 14496-12) keeps samples in `moof` boxes, which its index does not count.

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

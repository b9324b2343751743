"""What a file's own bytes say of its container, read without a parser: to word a refusal, not to trust a file."""

from __future__ import annotations

import os
import struct

SIGNATURE_BYTES = 1024
MOST_BOXES = 100_000

_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot")
_LEADING = {
    b"\x1a\x45\xdf\xa3": "matroska",
    b"FLV\x01": "flv",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    b"OggS": "ogg",
    b"\x00\x00\x01\xba": "mpeg",
    b"\x00\x00\x01\xb3": "mpegvideo",
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01": "mxf",
    b"\x1f\x07\x00\x3f": "dv",
    b"\x1f\x07\x00\xbf": "dv",
}


def container_kind(head: bytes) -> str | None:
    """FFmpeg's name of the container that begins with `head` (SIGNATURE_BYTES of it); None: none that we know."""
    for leading, kind in _LEADING.items():
        if head.startswith(leading):
            return kind
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
    for _ in range(MOST_BOXES):
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

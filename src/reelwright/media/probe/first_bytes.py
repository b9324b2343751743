"""What a file's first bytes say of its container, read without a parser: to word a refusal, not to trust a file."""

from __future__ import annotations

from reelwright import file_formats

SIGNATURE_BYTES = 1024

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

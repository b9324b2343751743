"""The timed text of MP4 (tx3g, mov_text), turned into runs of looks. Pure. Source: 3GPP TS 26.245, 5.17."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from reelwright.edits.cues import markup
from reelwright.edits.cues.cue import CueRun


def usual_color(header: bytes) -> str | None:
    """Of a track's letters, "#rrggbb", as its header says once."""
    return f"#{header[26:29].hex()}" if len(header) >= 30 else None


def text_of(data: bytes, usual_color: str | None) -> tuple[CueRun, ...]:
    """A sample of 3GPP timed text: a length, so many bytes of text, boxes, of which one says how letters look."""
    length = int.from_bytes(data[:2])
    coded, boxes = data[2 : 2 + length], data[2 + length :]
    encoding = "utf-16" if coded[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = coded.decode(encoding, "replace")
    looks = [CueRun("")] * len(text)
    for first, end, face, tint in _styled(boxes):
        color = None if tint == usual_color else tint
        for at in range(min(first, len(text)), min(end, len(text))):
            looks[at] = CueRun("", bool(face & 2), bool(face & 1), bool(face & 4), color)
    return markup.tidied(list(zip(text.replace("\r\n", " \n").replace("\r", "\n"), looks, strict=True)))


def _styled(boxes: bytes) -> Iterator[tuple[int, int, int, str]]:
    """First letter, the one behind the last, face, colour of each style record."""
    while len(boxes) >= 8:
        size, kind = struct.unpack_from(">I4s", boxes)
        if size < 8:
            return
        if kind == b"styl":
            body = boxes[10:size]
            for at in range(0, len(body) - 11, 12):
                first, end, _, face, _ = struct.unpack_from(">HHHBB", body, at)
                yield first, end, face, f"#{body[at + 8 : at + 11].hex()}"
        boxes = boxes[size:]

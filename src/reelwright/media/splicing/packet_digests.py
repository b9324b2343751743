"""What a track holds, packet by packet and tick by tick, as a digest: two tracks with one digest decode alike. Pure.

That is the rule by which copied frames and copied sound are proven: a packet that is the source's own, bit for bit, and
has its place behind the same ones, decodes as it does there. Decoding all of them again would say no more; only where
coded and copied frames meet is it done.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from typing import Any

PLAIN = re.compile(r"pcm_[suf](\d+)(?:le|be)?")
ROW = struct.Struct("<qqL")


def sample_bytes(stream: Any) -> int:
    """How many bytes there are for one instant, in all channels, of a stream of plain samples (PCM); 0 of others."""
    bits = PLAIN.fullmatch(stream.codec_context.codec.canonical_name) if stream.type == "audio" else None
    return int(bits[1]) // 8 * stream.codec_context.channels if bits else 0


def usual_layout(stream: Any) -> str | None:
    """What its channels are, of plain samples of which that is not said; MOV says it of all. None: that is known, or
    nobody knows."""
    context = stream.codec_context
    told = not sample_bytes(stream) or context.layout.name != f"{context.channels} channels"
    return None if told else {1: "mono", 2: "stereo"}.get(context.channels)


class Contents:
    """Fed with the packets of one track, in their order, with times in the ticks of that track."""

    def __init__(self, sample_bytes: int = 0) -> None:
        """`sample_bytes`: of plain samples, of all channels, which muxers and demuxers pack as they like."""
        self._sample_bytes = sample_bytes
        self._first: int | None = None
        self._next: int | None = None
        self._digest = hashlib.sha256()

    def feed(self, packet: Any) -> None:
        """Take in a packet of PyAV. Its time counts from the first one: where that is, an edit list says."""
        if self._first is None:
            self._first = packet.pts
        if not self._sample_bytes:
            self._digest.update(ROW.pack(packet.pts - self._first, packet.size, zlib.crc32(packet)))
            return
        if packet.pts != self._next:  # at the start, and behind a gap
            self._digest.update(ROW.pack(packet.pts - self._first, 0, 0))
        self._next = packet.pts + packet.size // self._sample_bytes
        self._digest.update(packet)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

"""What a track holds, packet by packet and tick by tick, as a digest: two tracks with one digest decode alike. Pure.

That is the rule by which copied frames and copied sound are proven: a packet that is the source's own, bit for bit, and
has its place behind the same ones, decodes as it does there. Decoding all of them again would say no more; only where
coded and copied frames meet is it done.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Any

ROW = struct.Struct("<qqL")


class Contents:
    """Fed with the packets of one track, in their order, with times in the ticks of that track."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._digest = hashlib.sha256()

    def feed(self, packet: Any) -> None:
        """Take in a packet of PyAV. Its time counts from the first one: where that is, an edit list says."""
        if self._first is None:
            self._first = packet.pts
        self._digest.update(ROW.pack(packet.pts - self._first, packet.size, zlib.crc32(packet)))

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()

"""An answer that was packed, though nobody asked for that, unpacked as it comes."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from reelwright.errors import RemoteRefused, RemoteUnavailable

UNPACKED_BYTES = 1 << 18
"""So many are unpacked at once: a few that were sent may stand for very many."""
PACKED = ("gzip", "x-gzip", "deflate")


async def unpacked(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Yield what was packed. Raises RemoteRefused, RemoteUnavailable."""
    unpacking = zlib.decompressobj(wbits=47)  # gzip's head, or zlib's
    whole = False
    async for chunk in chunks:
        packed = chunk
        while packed:
            if unpacking.eof:  # another member follows
                unpacking = zlib.decompressobj(wbits=47)
            try:
                made = unpacking.decompress(packed, UNPACKED_BYTES)
            except zlib.error as error:
                raise RemoteRefused(f"the other side's answer is no {encoding}, as it says") from error
            whole = unpacking.eof
            packed = unpacking.unused_data if whole else unpacking.unconsumed_tail
            if made:
                yield made
    if not whole:
        raise RemoteUnavailable("the other side cut the answer before its end")

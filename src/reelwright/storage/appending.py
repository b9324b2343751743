"""Batches of bytes at the end of a file, in as few calls as the kernel takes them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice

MOST_AT_ONCE = os.sysconf("SC_IOV_MAX")
"""Buffers that one call takes: writev(2)."""


def appended(descriptor: int, batch: Sequence[bytes]) -> Iterator[memoryview]:
    """Write all where the file stands; yield what has been written, in its order. Blocks. Raises OSError: what was
    yielded before is in the file, and nothing else of the batch."""
    left = [memoryview(chunk) for chunk in reversed(batch) if chunk]
    while left:
        count = os.writev(descriptor, list(islice(reversed(left), MOST_AT_ONCE)))
        while count:
            view = left.pop()
            if len(view) > count:
                left.append(view[count:])
                view = view[:count]
            count -= len(view)
            yield view

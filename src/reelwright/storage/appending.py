"""Batches of bytes at the end of a file, in as few calls as the kernel takes them, and on their way to the disk."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

MOST_AT_ONCE = os.sysconf("SC_IOV_MAX")
"""Buffers that one call takes: writev(2)."""
LEFT_BYTES = 4 << 20
"""So much of a file at most is left for its end: what came before is written to the disk while more comes."""
_WRITE = 2
"""SYNC_FILE_RANGE_WRITE."""

_libc = ctypes.CDLL(None, use_errno=True)


def appended(descriptor: int, batch: Sequence[bytes]) -> Iterator[memoryview]:
    """Write all where the file stands; yield what has been written, in its order. Blocks. Raises OSError: what was
    yielded before is in the file, and nothing else of the batch."""
    left = [memoryview(chunk) for chunk in reversed(batch) if chunk]
    written_bytes = 0
    while left:
        count = os.writev(descriptor, list(islice(reversed(left), MOST_AT_ONCE)))
        written_bytes += count
        while count:
            view = left.pop()
            if len(view) > count:
                left.append(view[count:])
                view = view[:count]
            count -= len(view)
            yield view
    end = os.lseek(descriptor, 0, os.SEEK_CUR)
    if end // LEFT_BYTES != (end - written_bytes) // LEFT_BYTES:
        begin_to_keep(descriptor)


def begin_to_keep(descriptor: int) -> bool:
    """Have the disk begin with what is written, so that whoever has it kept in the end (fsync) waits for the last of it
    alone. Return whether it has: where it cannot, nothing is lost by it, and what goes wrong the fsync will say."""
    with suppress(AttributeError):  # a C library without sync_file_range(2)
        whole_file = ctypes.c_int64(0), ctypes.c_int64(0)
        return int(_libc.sync_file_range(descriptor, *whole_file, ctypes.c_uint(_WRITE))) == 0
    return False

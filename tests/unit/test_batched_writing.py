"""Bytes poured to a disk: in order, whatever ends it."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator

import pytest

from reelwright.errors import NoSpace
from reelwright.library.batched_writing import BATCH_BYTES, write_in_batches

HALF = b"0" * (BATCH_BYTES // 2)


async def coming(*chunks: bytes, end: Exception | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if end is not None:
        raise end


async def test_the_next_batch_comes_while_one_is_written() -> None:
    """And is written after it; the write that is under way ends before the whole does."""
    gone_on, written = threading.Event(), list[bytes]()

    def write(batch: list[bytes]) -> None:
        assert gone_on.wait(10)
        written.extend(batch)

    async def source() -> AsyncIterator[bytes]:
        for number in range(4):
            if number == 1:  # the first one is at its writing
                gone_on.set()
            yield bytes([number]) * BATCH_BYTES

    await write_in_batches(source(), write)
    assert [chunk[0] for chunk in written] == [0, 1, 2, 3]


@pytest.mark.parametrize(("keeps_rest", "kept"), [(True, 3), (False, 2)])
async def test_what_came_before_an_error_is_kept_where_that_is_wanted(keeps_rest: bool, kept: int) -> None:
    written: list[bytes] = []
    with pytest.raises(ConnectionError):
        await write_in_batches(coming(HALF, HALF, HALF, end=ConnectionError()), written.extend, keeps_rest=keeps_rest)
    assert len(written) == kept


async def test_a_full_disk_ends_it_without_a_gap() -> None:
    """Nothing is written behind what could not be."""
    written: list[bytes] = []

    def write(batch: list[bytes]) -> None:
        if written:
            raise OSError(errno.ENOSPC, "full")
        written.extend(batch)

    with pytest.raises(NoSpace):
        await write_in_batches(coming(*[HALF] * 9), write, keeps_rest=True)
    assert len(written) == 2


async def test_no_thread_writes_once_it_was_cancelled() -> None:
    begun, end, written = threading.Event(), threading.Event(), list[bytes]()

    def write(batch: list[bytes]) -> None:
        begun.set()
        assert end.wait(10)
        written.extend(batch)

    async def without_end() -> AsyncIterator[bytes]:
        yield HALF
        yield HALF
        await asyncio.Event().wait()

    writing = asyncio.create_task(write_in_batches(without_end(), write))
    await asyncio.to_thread(begun.wait, 10)
    writing.cancel()
    await asyncio.sleep(0)
    assert not writing.done()
    end.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert len(written) == 2

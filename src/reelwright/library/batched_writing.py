"""Bytes that come to a disk: while one batch of them is written, in a thread, the next one comes."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable

from reelwright.cancellation import finished
from reelwright.errors import NoSpace

BATCH_BYTES = 1 << 20
MAX_HELD_S = 2.0
"""What comes slowly is written so often: the file shows that it comes, and it is there when this breaks off."""


async def write_in_batches(
    chunks: AsyncIterator[bytes], write: Callable[[list[bytes]], None], *, keeps_rest: bool = False
) -> None:
    """Write all in batches, in their order. `keeps_rest`: what has come before an error is written, too.

    Raises NoSpace, and what `write` and `chunks` raise. No thread writes any more when this ends, however it does.
    """
    try:
        await _write_in_batches(chunks, write, keeps_rest=keeps_rest)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace("the storage disk is full") from error
        raise


async def _write_in_batches(
    chunks: AsyncIterator[bytes], write: Callable[[list[bytes]], None], *, keeps_rest: bool
) -> None:
    writing: asyncio.Task[None] | None = None

    async def put(batch: list[bytes]) -> None:
        nonlocal writing
        if writing is not None:
            await finished(writing)
        writing = asyncio.create_task(asyncio.to_thread(write, batch), name="writing in batches")

    batch: list[bytes] = []
    held_bytes = 0
    clock = asyncio.get_running_loop()
    written_at = clock.time()
    try:
        try:
            async for chunk in chunks:
                batch.append(chunk)
                held_bytes += len(chunk)
                if held_bytes >= BATCH_BYTES or clock.time() - written_at > MAX_HELD_S:
                    full, batch = batch, []
                    await put(full)
                    held_bytes, written_at = 0, clock.time()
        except BaseException:
            if keeps_rest:
                await finished(put(batch))
            raise
        await put(batch)
    finally:
        if writing is not None:
            await finished(writing)

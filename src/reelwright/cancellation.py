"""Work that a cancellation must not cut in half: a commit, a thread that writes, the end of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def finished(work: Awaitable[T]) -> T:
    """Return the outcome of `work`, which runs to its end however often the caller is cancelled.

    Raises the cancellation, after that end. `asyncio.shield` alone leaves the work running behind its caller's back.
    """
    task = asyncio.ensure_future(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    raise cancellation from (None if task.cancelled() else task.exception())

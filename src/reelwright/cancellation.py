"""Work that a cancellation must not cut in half: a commit, a thread that writes, the end of a process; waits that lose
no cancellation; and what is done meanwhile, and at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
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


async def set_within(event: asyncio.Event, seconds: float) -> bool:
    """Return whether an event is set, once it is, or after so long.

    Not by `asyncio.wait_for`: before Python 3.12 that loses a cancellation which comes as the event is set, and its
    task never ends.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


@asynccontextmanager
async def every_so_often(work: Callable[[], Awaitable[None]], interval_s: float, name: str) -> AsyncIterator[None]:
    """Do something at intervals meanwhile, and once more at the end."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(interval_s)
            await work()

    task = asyncio.create_task(go_on(), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await work()

"""A long call to a contained program of ours, which tells how far it is and is ended when it makes no progress."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from reelwright.errors import JobFailed
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.media.sandbox.fork_client import ForkClient
from reelwright.media.sandbox.fork_server import DONE, Call

WATCH_S = 0.25

Report = Callable[[float], None]
"""Told how much is done, 0 to 1; must not block."""

Answer = TypeVar("Answer")


async def watched(
    server: ForkClient,
    call: Call,
    files: Sequence[int],
    answer: type[Answer],
    *,
    report: Report,
    stall_s: float,
    what: str,
    stage: str = "verify",
    turns: Turns | None = None,
    large: bool = False,
) -> Answer:
    """The handler's answer; `what` it does, and in which stage, for the failure of one that stalls. The last file of
    the call is where it tells how far it is. While it waits for its turn it does not stall.

    Raises as `ForkClient.ask` does, and JobFailed `stalled`. When cancelled, the process is ended.
    """
    done_fd = os.memfd_create("done")
    try:
        begun = asyncio.Event()
        with_progress = [*files, done_fd]
        asking = asyncio.ensure_future(
            server.ask(call, with_progress, answer, turns=turns, large=large, begun=begun.set)
        )
        try:
            await _begun(asking, begun)
            await _watch(asking, done_fd, report, stall_s, what, stage)
            return await asking
        finally:
            asking.cancel()
            await asyncio.wait([asking])
    finally:
        os.close(done_fd)


async def _begun(asking: asyncio.Future[Answer], begun: asyncio.Event) -> None:
    """Return when it has its turn, or will not get one."""
    waiting = asyncio.ensure_future(begun.wait())
    either: list[asyncio.Future[Any]] = [asking, waiting]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


async def _watch(
    asking: asyncio.Future[Answer], done_fd: int, report: Report, stall_s: float, what: str, stage: str
) -> None:
    """Return when there is an answer. Raises JobFailed `stalled`."""
    last, last_sign = b"", time.monotonic()
    while not asking.done():
        await asyncio.wait([asking], timeout=WATCH_S)
        said = os.pread(done_fd, DONE.size, 0)
        if said != last:
            last, last_sign = said, time.monotonic()
            report(DONE.unpack(said)[0])
        if time.monotonic() - last_sign > stall_s:
            raise JobFailed(f"{what} made no progress for {stall_s:.0f} s", code="stalled", stage=stage)

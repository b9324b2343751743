"""Ask what a made file is, to its last frame and sample: `Inspector` talks to the contained program that reads it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from reelwright.edits.plan import Plan
from reelwright.errors import JobFailed, UnreadableMedia
from reelwright.media.checks.inspection import Findings, Inspection
from reelwright.media.checks.sampling import every
from reelwright.media.checks.timeline import Timeline
from reelwright.media.checks.worker import DONE
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.sandbox import fork_client
from reelwright.media.sandbox.fork_client import ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import Call

AT_ONCE = 4
WATCH_S = 0.5

Report = Callable[[float], None]
"""Told how much is done, 0 to 1; must not block."""


def inspection(plan: Plan, number: int, capabilities: Capabilities) -> Inspection:
    """Return how output `number` of a plan is looked at."""
    expected, timeline = plan.outputs[number], Timeline.of(plan)
    return Inspection(
        decoders=capabilities.decoders,
        max_pixels=capabilities.max_pixels,
        threads=capabilities.threads,
        strict=not expected.copied and expected.output.audio.codec != "copy",
        every=every(expected),
        comparison=timeline.comparison(plan, expected),
    )


class Inspector:
    """Reads made files. An async context manager; its program is started with the first of them."""

    def __init__(self, *, memory_bytes: int, stall_s: float) -> None:
        self._memory_bytes = memory_bytes
        self._stall_s = stall_s
        trial = Call(
            request=msgspec.Raw(msgspec.json.encode(Inspection(decoders="none", max_pixels=1))),
            timeout_s=10,
            memory_bytes=memory_bytes,
        )
        self._server = ForkClient("reelwright.media.checks.worker", at_once=AT_ONCE, trial=(trial, 2))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    async def inspect(
        self, made: Path, source: Path | None, inspection: Inspection, *, wall_s: float, report: Report
    ) -> Findings:
        """Raises UnreadableMedia (also where the decoder crashes), NotFound, Busy, and JobFailed: `timed_out`,
        `stalled`, `out_of_memory`. When cancelled, the process is ended."""
        call = Call(
            request=msgspec.Raw(msgspec.json.encode(inspection)),
            timeout_s=wall_s,
            memory_bytes=self._memory_bytes,
            output_bytes=DONE.size,
        )
        with ExitStack() as files:
            descriptors = [_closed_by(files, fork_client.open_file(made)), _closed_by(files, os.memfd_create("done"))]
            if source is not None:
                descriptors.append(_closed_by(files, fork_client.open_file(source)))
            asking = asyncio.ensure_future(self._server.ask(call, descriptors, Findings))
            try:
                await self._watch(asking, descriptors[1], report)
                return await asking
            except ChildFailed as failed:
                raise _failure(failed, wall_s) from failed
            finally:
                asking.cancel()
                await asyncio.wait([asking])

    async def _watch(self, asking: asyncio.Future[Findings], done_fd: int, report: Report) -> None:
        """Return when there is an answer. Raises JobFailed `stalled`."""
        last, last_sign = b"", time.monotonic()
        while not asking.done():
            await asyncio.wait([asking], timeout=WATCH_S)
            said = os.pread(done_fd, DONE.size, 0)
            if said != last:
                last, last_sign = said, time.monotonic()
                report(DONE.unpack(said)[0])
            if time.monotonic() - last_sign > self._stall_s:
                raise JobFailed(
                    f"checking the output made no progress for {self._stall_s:.0f} s", code="stalled", stage="verify"
                )


def _closed_by(files: ExitStack, descriptor: int) -> int:
    files.callback(os.close, descriptor)
    return descriptor


def _failure(failed: ChildFailed, wall_s: float) -> JobFailed | UnreadableMedia:
    match failed.failure:
        case "timed_out":
            return JobFailed(
                f"checking the output took longer than its budget of {wall_s:.0f} s", code="timed_out", stage="verify"
            )
        case "out_of_memory":
            return JobFailed(
                "checking the output needed more memory than a job may use", code="out_of_memory", stage="verify"
            )
        case "crashed":
            return UnreadableMedia("The decoder crashes on it.")

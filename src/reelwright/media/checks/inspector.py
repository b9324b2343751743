"""Ask what a made file is, to its last frame and sample: `Inspector` talks to the contained program that reads it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import msgspec

from reelwright.edits.plan import Plan
from reelwright.errors import JobFailed, UnreadableMedia
from reelwright.media.checks.decoded_share import sample
from reelwright.media.checks.expected_timeline import Timeline
from reelwright.media.checks.inspection import Findings, Inspection
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.sandbox import fork_client
from reelwright.media.sandbox.fair_slots import Turns
from reelwright.media.sandbox.fork_client import ChildFailed, ForkClient
from reelwright.media.sandbox.fork_server import DONE, Call
from reelwright.media.sandbox.watched_call import Report, watched

AT_ONCE = 4


def inspection(plan: Plan, number: int, capabilities: Capabilities) -> Inspection:
    """Return how output `number` of a plan is looked at."""
    expected, timeline = plan.outputs[number], Timeline.of(plan)
    return Inspection(
        decoders=capabilities.decoders,
        max_pixels=capabilities.max_pixels,
        threads=capabilities.threads,
        strict=not expected.copied and expected.output.audio.codec != "copy",
        sample=sample(plan, number),
        ends_of_sound=timeline.copied_sound,
        comparison=timeline.comparison(plan, expected),
    )


class Inspector:
    """Reads made files, by `media/reading_program.py`. Safe for any number of concurrent callers."""

    def __init__(self, server: ForkClient, *, memory_bytes: int, stall_s: float) -> None:
        self._server = server
        self._turns = Turns(AT_ONCE)
        self._memory_bytes = memory_bytes
        self._stall_s = stall_s

    async def inspect(
        self, made: Path, source: Path | None, inspection: Inspection, *, wall_s: float, report: Report
    ) -> Findings:
        """Raises UnreadableMedia (also where the decoder crashes), NotFound, Busy, and JobFailed: `timed_out`,
        `stalled`, `out_of_memory`. When cancelled, the process is ended."""
        call = Call(
            request=msgspec.Raw(msgspec.json.encode(inspection)),
            task="inspect",
            timeout_s=wall_s,
            memory_bytes=self._memory_bytes,
            output_bytes=DONE.size,
        )
        with ExitStack() as files:
            descriptors = [_closed_by(files, fork_client.open_file(made))]
            if source is not None:
                descriptors.append(_closed_by(files, fork_client.open_file(source)))
            try:
                return await watched(
                    self._server,
                    call,
                    descriptors,
                    Findings,
                    report=report,
                    stall_s=self._stall_s,
                    what="checking the output",
                    turns=self._turns,
                )
            except ChildFailed as failed:
                raise _failure(failed, wall_s) from failed


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

"""Runs a preview while somebody waits for it: one short command, contained, bounded in time and memory, after jobs.

Jobs are run by `runner`, with progress, budgets and second tries; here a look is had, or it is not.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from reelwright.cancellation import finished
from reelwright.errors import Busy, MediaProcessFailed, UnreadableMedia
from reelwright.media.ffmpeg.command import Command, placed
from reelwright.media.ffmpeg.failure import verdict
from reelwright.media.sandbox import contained
from reelwright.storage.work_folder import WorkFolder

NICENESS = 10
"""Of what somebody only looks at: jobs come first."""
SAID_BYTES = 1 << 14
RETRY_AFTER_S = 5


async def make(
    command: Command,
    name: str,
    slots: Mapping[str, Path],
    *,
    ffmpeg: Path,
    work_root: Path,
    timeout_s: float,
    memory_bytes: int,
    most_bytes: int,
) -> bytes:
    """Return the file `name` that the command makes. `slots`: "in0" to its path, and so on. When cancelled, returns
    only after the process is gone; nothing is left.

    Raises Busy when it takes too long, UnreadableMedia when the source gives nothing, MediaProcessFailed.
    """
    work = WorkFolder(work_root / f"{uuid.uuid4()}-0")  # named as an attempt's: swept if this process dies
    folder = work.path
    try:
        await finished(asyncio.to_thread(work.make))
        await _run(
            [str(ffmpeg), *(placed(argument, slots, folder) for argument in command.arguments)],
            contained.Access(read=tuple(slots.values()), write=(folder,)),
            contained.Limits(
                memory_bytes=memory_bytes,
                output_bytes=most_bytes,
                cpu_s=max(1, round(timeout_s * len(os.sched_getaffinity(0)))),
                children=False,
            ),
            timeout_s,
        )
        try:
            made = await asyncio.to_thread((folder / name).read_bytes)
        except FileNotFoundError:
            made = b""
        if not made:
            raise UnreadableMedia("The video gives no picture there: it is damaged.")
        return made
    finally:
        await finished(asyncio.to_thread(work.remove))


async def _run(argv: list[str], access: contained.Access, limits: contained.Limits, timeout_s: float) -> None:
    process = await contained.start(
        argv, limits=limits, access=access, cwd=access.write[0], stderr=asyncio.subprocess.PIPE
    )
    try:
        with suppress(ProcessLookupError):  # it has ended already
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        assert process.stderr is not None
        said = b""
        try:
            async with asyncio.timeout(timeout_s):
                while chunk := await process.stderr.read(SAID_BYTES):
                    said = (said + chunk)[-SAID_BYTES:]
                await process.wait()
        except TimeoutError as error:
            raise Busy(
                f"It takes longer than the {timeout_s:g} s that a preview may take; the job itself has no such limit.",
                retry_after_s=RETRY_AFTER_S,
            ) from error
    finally:
        await finished(contained.stop(process, patience_s=0))
    if process.returncode != 0:
        text = said.decode(errors="replace")
        if (found := verdict(process.returncode, text)) is not None:
            raise MediaProcessFailed(found.detail, code=found.code, of_machine=found.of_machine)
        raise UnreadableMedia("The video gives no picture there: it is damaged.")

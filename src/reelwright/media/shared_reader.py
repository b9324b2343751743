"""Has the one contained program that reads media (`reading_program.py`), which probes, proves and splices.

Its callers are `probe/prober.py`, `checks/inspector.py` and `splicing/splicer.py`: a process that has all three needs
one warm program for them, and loads PyAV once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from reelwright.media.checks.inspection import Inspection
from reelwright.media.sandbox import contained
from reelwright.media.sandbox.fork_client import ForkClient
from reelwright.media.sandbox.fork_server import Call


@asynccontextmanager
async def media_reader(*, work: Path | None = None) -> AsyncIterator[ForkClient]:
    """Have it meanwhile, for one process and any number of concurrent callers: the first call starts it, or `start`.
    `work`: below which the folders are that splicing reads; it has to be there by then.
    """
    trial = Call(
        request=msgspec.Raw(msgspec.json.encode(Inspection(decoders="none", max_pixels=1))),
        task="inspect",
        timeout_s=10,
        memory_bytes=2**33,
    )
    access = contained.Access(read=() if work is None else (work,))
    # its callers take turns of their own, each kind of call apart: `at_once` is for who brings none
    reader = ForkClient("reelwright.media.reading_program", at_once=1, access=access, trial=(trial, 2))
    try:
        yield reader
    finally:
        await reader.stop()

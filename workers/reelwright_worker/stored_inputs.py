"""Whether the disk still gives what a job works on: ffmpeg reports a sector that cannot be read as a damaged video.

Nothing that ffmpeg says tells the two apart (a read that failed ends a packet early, and the decoder complains of
that), so the files are read once, from start to end, before a video is called damaged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from reelwright.cancellation import finished
from reelwright.errors import MediaProcessFailed, VerifyFailed, hindered

CHUNK_BYTES = 8 << 20
SEEM_DAMAGED = frozenset({MediaProcessFailed.code, VerifyFailed.code, "source_damaged", "crashed"})
"""Codes of failures that a file which cannot be read causes as well."""


async def demand_readable(paths: Iterable[Path]) -> None:
    """Read the files through, in constant memory. Raises JobFailed, of the machine, where the disk refuses."""
    for path in paths:
        try:
            with path.open("rb", buffering=0) as file:
                while await finished(asyncio.to_thread(file.read, CHUNK_BYTES)):
                    pass
        except OSError as error:
            if (failure := hindered(error, at="a stored file")) is None:
                raise
            raise failure from error

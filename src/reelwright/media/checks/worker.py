"""The proof, contained: reads made files for `Inspector`, each in a child of its own (`fork_server`)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import msgspec

from reelwright.media.checks.inspection import Findings, Inspection
from reelwright.media.sandbox import fork_server

READING_SHARE = 0.9
"""Of the whole work; the rest is looking at the source."""


def load() -> None:
    """Load what a child cannot: it can open nothing any more."""
    from reelwright.media.checks import reading, source_comparison  # noqa: F401


def inspect(request: bytes, files: Sequence[int]) -> Findings:
    """What the first file is; the second is the source, where it is compared. The last one is told how far this is.

    Raises UnreadableMedia when it cannot be opened.
    """
    from av.error import FFmpegError

    from reelwright.errors import UnreadableMedia
    from reelwright.media.checks import reading, source_comparison

    made_fd, *source, done_fd = files
    inspection = msgspec.json.decode(request, type=Inspection)

    def tell(done: float) -> None:
        os.pwrite(done_fd, fork_server.DONE.pack(READING_SHARE * done), 0)

    try:
        findings, places = reading.read(made_fd, inspection, tell)
    except (FFmpegError, IndexError) as error:
        raise UnreadableMedia("The file cannot be read.") from error
    if source and inspection.comparison is not None:
        source_comparison.compare(made_fd, source[0], inspection, findings, places)
    return findings

"""Packets as they are seen of a source, in the order of decoding: when each is shown, and whether decoding can begin
there. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

REORDERED = 64
"""No codec shows a frame so many frames later than it decodes it."""
MAX_EDGE_FRAMES = 20_000
"""Frames of one edge that are looked at: what needs more is not worth a splice."""
MAX_TOUCHED_FRAMES = 200_000
"""Frames of a stretch that is coded anew because steps touch it."""


class PictureKind(Enum):
    """Of a coded picture."""

    START = 1
    """Decoding can begin with it."""
    LEADING = 2
    """Decoded after such a picture and shown before it: left out where a run begins with that."""
    OTHER = 3


class SeenPacket(NamedTuple):
    """One packet. `dts` is never after `pts`; None: not known."""

    pts: int
    dts: int | None
    kind: PictureKind


class NotSo(Exception):
    """The packets are not what a splice needs; the message is the end of a sentence."""


def shown(packets: Iterable[SeenPacket], begin: int, end: int) -> list[int]:
    """When the frames of an interval are shown, rising. `packets`: from a key frame on that is shown at `begin` or
    before, or from the file's start. Raises NotSo."""
    frames: list[int] = []
    behind = 0
    for packet in packets:
        if begin <= packet.pts < end:
            frames.append(packet.pts)
            if len(frames) > MAX_TOUCHED_FRAMES:
                raise NotSo("too many of its frames lie between what can be copied")
        elif packet.pts >= end:
            behind += 1
            if (packet.dts is not None and packet.dts >= end) or behind >= REORDERED:
                break
    frames.sort()
    demand_distinct(frames)
    return frames


def demand_distinct(frames: list[int]) -> None:
    if len(set(frames)) != len(frames):
        raise NotSo("two of its frames are shown at one time")


class Reordering:
    """By how many frames the order of decoding is ahead of that of display, of the packets that were fed."""

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=REORDERED)
        self.frames = 0

    def feed(self, pts: int) -> None:
        self.frames = max(self.frames, sum(earlier > pts for earlier in self._last))
        self._last.append(pts)

    def interrupt(self) -> None:
        """Hear that what follows does not go on from there."""
        self._last.clear()

"""Packets, in the order of decoding -> what a cut codes anew and what it copies. Pure.

A copied run begins at a picture from which decoding can begin, and ends anywhere: a beginning in the order of decoding
always decodes. It is one in the order of display as well where all that is decoded later is shown later.
"""

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


class RunHead(NamedTuple):
    """`frames` are shown before the run's first one, `start`."""

    frames: list[int]
    start: int


class RunTail(NamedTuple):
    """`frames` are shown behind the run's last one, `last`."""

    frames: list[int]
    last: int


def head(packets: Iterable[SeenPacket], begin: int, end: int) -> RunHead | None:
    """Where copying begins: with the first picture at or after `begin` from which decoding can. `packets`: from one of
    those, or a key frame, that is shown at `begin` or before, or from the file's start. None: there is no such picture
    before `end`. Raises NotSo."""
    before: list[int] = []
    start: int | None = None
    since = 0
    for packet in packets:
        if start is None:
            if packet.kind is PictureKind.START and packet.pts >= begin:
                start = packet.pts
                if start >= end:
                    return None
                if any(pts >= start for pts in before):
                    raise NotSo("frames that are decoded before a key frame are shown after it")
            else:
                before.append(packet.pts)
                if packet.pts >= end and len(before) > MAX_EDGE_FRAMES:
                    return None
                if len(before) > 4 * MAX_EDGE_FRAMES:
                    raise NotSo("its key frames are too far apart")
            continue
        since += 1
        if packet.pts < start:
            if packet.kind is not PictureKind.LEADING:
                raise NotSo("frames that are decoded after a key frame are shown before it")
            before.append(packet.pts)
        if since >= REORDERED or packet.kind is PictureKind.START:
            break
    if start is None:
        return None
    frames = sorted(pts for pts in before if begin <= pts < start)
    _demand_distinct(frames)
    return RunHead(frames, start)


def tail(packets: Iterable[SeenPacket], start: int, end: int, *, from_start: bool) -> RunTail | None:
    """Where copying ends: behind the last packet before `end` up to which all is shown that is decoded. `packets`: from
    a key frame on, the run's own `start` where `from_start` is so. None: an earlier key frame has to be looked at.
    Raises NotSo."""
    closed: list[int] = []
    """Ends, rising, behind which nothing was shown so far that is decoded later."""
    shown: list[int] = []
    highest: int | None = None
    behind = 0
    for packet in packets:
        if packet.pts < start:
            if packet.kind is PictureKind.LEADING and from_start:
                continue
            if highest is not None or from_start:
                raise NotSo("frames that are decoded after a key frame are shown before it")
        if highest is None and not from_start:
            closed.append(packet.pts - 1)
        while closed and closed[-1] >= packet.pts:
            closed.pop()
        highest = packet.pts if highest is None else max(highest, packet.pts)
        if highest < end:
            closed.append(highest)
            if len(closed) > 4 * REORDERED:
                del closed[: 2 * REORDERED]
        if packet.pts < end:
            shown.append(packet.pts)
            if len(shown) > MAX_EDGE_FRAMES:
                raise NotSo("its key frames are too far apart")
        else:
            behind += 1
            if (packet.dts is not None and packet.dts >= end) or behind >= REORDERED:
                break
    if not closed or closed[-1] < start:
        return None
    frames = sorted(pts for pts in shown if pts > closed[-1])
    _demand_distinct(frames)
    last = max((pts for pts in shown if pts <= closed[-1]), default=closed[-1])
    return RunTail(frames, last)


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
    _demand_distinct(frames)
    return frames


def _demand_distinct(frames: list[int]) -> None:
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

"""Where copying ends: anywhere, for a beginning in the order of decoding always decodes; as a beginning in the order of
display as well where all that is decoded later is shown later. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reelwright.media.splicing.seen_packets import (
    MAX_EDGE_FRAMES,
    REORDERED,
    NotSo,
    PictureKind,
    SeenPacket,
    demand_distinct,
)


class RunTail(NamedTuple):
    """`frames` are shown behind the run's last one, `last`."""

    frames: list[int]
    last: int


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
    demand_distinct(frames)
    last = max((pts for pts in shown if pts <= closed[-1]), default=closed[-1])
    return RunTail(frames, last)

"""Where copying begins: at a picture from which decoding can begin, the first one in the cut or the nearest to where it
was asked for. Pure."""

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


class RunHead(NamedTuple):
    """`frames` are shown before the run's first one, `start`."""

    frames: list[int]
    start: int


def head(packets: Iterable[SeenPacket], begin: int, end: int) -> RunHead | None:
    """Where copying begins, when what is before it is coded: with the first picture at or after `begin` from which
    decoding can. `packets`: from one of those, or a key frame, that is shown at `begin` or before, or from the file's
    start. None: there is no such picture before `end`. Raises NotSo."""
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
    demand_distinct(frames)
    return RunHead(frames, start)


def nearest(before: int | None, after: int, begin: int, end: int) -> int:
    """Where a cut begins of which nothing is coded: with that of the pictures before and after `begin` which is nearer
    to it; of two that are as near, with the earlier one."""
    if before is None or before >= end:
        return after
    return before if abs(begin - before) <= abs(after - begin) else after

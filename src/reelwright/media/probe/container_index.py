"""A container's index of all frames, where it has one that can be trusted: how many there are, when they are shown,
where they end."""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.error import FFmpegError

from reelwright.media.probe.duration import Ends, stated_file_end, stated_picture_end
from reelwright.media.probe.frame_rate import JITTER_S, FrameTimes, spacing
from reelwright.media.probe.mp4_boxes import has_fragments
from reelwright.media.probe.packets import Reading

TAIL_PACKETS = 40
"""Enough for the last frames in the order they are shown: H.264 and HEVC reorder 16 at most."""


@dataclass(frozen=True, slots=True)
class Index:
    """The container's list of all frames; entries without data are none."""

    coded: array[int]
    """When they are decoded, in ticks."""
    shown_count: int
    cut: bool
    """Whether an edit list ends before the last of them."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The last frames of a video, in ticks."""

    shown: Sequence[int]
    """When they are shown, the last one last."""
    end: int
    """When the last one has been shown."""


def complete_index(container: Any, main: Any, media_fd: int) -> Index | None:
    """None where there is no list of all frames, or where it goes on behind the end of the file."""
    if "mov" not in container.format.name.split(",") or main.frames == 0 or has_fragments(media_fd):
        return None
    coded, shown_count, end_bytes, cut = array("q"), 0, 0, False
    for entry in main.index_entries:
        if entry.size == 0:
            continue
        coded.append(entry.timestamp)
        cut = bool(entry.is_discard)
        shown_count += not cut
        end_bytes = max(end_bytes, entry.pos + entry.size)
    return Index(coded, shown_count, cut) if coded and end_bytes <= os.fstat(media_fd).st_size else None


def indexed(container: Any, main: Any, index: Index, seen: Reading) -> tuple[Ends, FrameTimes]:
    """Of all frames from the first that can be decoded on."""
    # The index has decoding times: the same gaps as the shown ones, but for those of the last, reordered frames. What
    # is stated to last as long as all of them does so only where frames are evenly spaced.
    coded = index.coded[seen.lost :]
    sample = spacing(coded, main.time_base)
    tail = _tail(container, main, coded)
    after = spacing(tail.shown, main.time_base)
    variable = sample.variable or after.longest_s > sample.longest_s + max(main.time_base, JITTER_S)
    end_s = stated_s = stated_picture_end(main) or Fraction(0)
    file_end_s = stated_file_end(container)
    last_s, gap_s = tail.shown[-1] * main.time_base, spacing(tail.shown[-2:], main.time_base).longest_s
    if variable:
        end_s = max(end_s, tail.end * main.time_base)
    if end_s <= last_s + main.time_base < last_s + gap_s and not index.cut:
        end_s = last_s + gap_s  # nothing says how long the last one is shown
    if end_s > stated_s:
        file_end_s = max(end_s, file_end_s or end_s)
    longest_s = max(sample.longest_s, after.longest_s, end_s - last_s)
    count = index.shown_count - seen.lost
    return Ends(end_s, file_end_s), FrameTimes(
        sample, all_seen=True, count=count, longest_s=longest_s, variable=variable
    )


def _tail(container: Any, main: Any, coded: Sequence[int]) -> Tail:
    """Read from the last packets, where frames are reordered; else the index knows."""
    known = Tail(coded[-2:], coded[-1])
    if not main.codec_context.has_b_frames:
        return known
    depth = main.codec_context.reorder_depth + 2
    try:
        container.seek(coded[-min(len(coded), TAIL_PACKETS)], stream=main, any_frame=True)
        packets = [packet for packet in container.demux(main) if packet.size and packet.pts is not None]
    except MemoryError:
        raise
    except FFmpegError:
        return known  # the file is cut off: the index is all there is
    shown = sorted(packet.pts for packet in packets if not packet.is_discard)
    return Tail(shown[-depth:], shown[-1] + (packets[-1].duration or 0)) if shown else known

"""How long a file and its picture last: where they begin and end, as it is stated, or as it was found by reading."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from reelwright.media.probe import packets
from reelwright.media.probe.frame_rate import FrameTimes, spacing
from reelwright.media.probe.packets import Reading

MICROSECOND = Fraction(1, 1_000_000)
STATED_WITHIN_S = Fraction(1, 10)
"""Headers count in what the last packets do not say: encoder delay, how long the last frame is shown."""
ROUNDED_S = Fraction(1, 1000)
MAX_BELIEVED_S = 10 * 365 * 86400


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a file was found to end, in seconds of its own clock; None: not looked for, or not found."""

    picture_s: Fraction | None = None
    file_s: Fraction | None = None
    """The last of picture and sound."""
    last_packet_s: Fraction | None = None
    """When the last packet of the picture is decoded."""


def seconds(ticks: int | None, stream: Any) -> Fraction | None:
    return None if ticks is None or not stream.time_base else ticks * Fraction(stream.time_base)


def file_start(container: Any) -> Fraction:
    """The container's first timestamp, which FFmpeg rounds to microseconds; exact where a stream has it exactly."""
    if container.start_time is None:
        return Fraction(0)
    rounded = container.start_time * MICROSECOND
    starts = (seconds(stream.start_time, stream) for stream in container.streams if stream.type in ("video", "audio"))
    return next((start for start in starts if start is not None and abs(start - rounded) < MICROSECOND), rounded)


def stated_file_end(container: Any) -> Fraction | None:
    return file_start(container) + container.duration * MICROSECOND if container.duration else None


def stated_picture_end(main: Any) -> Fraction | None:
    duration = seconds(main.duration, main)
    return None if duration is None else (seconds(main.start_time, main) or 0) + duration


def believed_end(stated: Fraction | None, found: Fraction | None) -> Fraction | None:
    """As it is stated, unless what was read ends later or much earlier."""
    if found is None or (stated is not None and -ROUNDED_S <= stated - found <= STATED_WITHIN_S):
        return stated
    return found


def duration_s(container: Any, main: Any, frames: FrameTimes, ends: Ends) -> float | None:
    if ends.file_s is not None:
        return believed(ends.file_s - file_start(container))
    if (stated := seconds(main.duration, main)) is not None:
        return believed(stated)
    if frames.all_seen and frames.sample and frames.sample.rate:
        return believed(frames.sample.span_s + 1 / frames.sample.rate)
    return None


def believed(duration: Fraction | None) -> float | None:
    return round(float(duration), 6) if duration is not None and 0 < duration < MAX_BELIEVED_S else None


def read(container: Any, main: Any, tracks: Sequence[Any], seen: Reading, timeout_s: float) -> tuple[Ends, FrameTimes]:
    """Of a file without an index, from the first frame that can be decoded on. A header may say nothing of where
    picture and sound really end, or be of a file that was cut off since."""
    stated = stated_picture_end(main), stated_file_end(container)
    end: Reading | None = seen
    if not seen.whole:
        end = _read_end(container, main, tracks, stated[1], timeout_s) if stated[1] is not None else None
    if end is not None and end is not seen:
        seen.packets.update(end.packets)
    seen.surveyed = end is not None
    ends = _found_ends(container, main, end, stated) if end else Ends(*stated)
    ticks = seen.ticks(main)
    if not ticks and seen.whole:
        return _counted(main, seen, ends), FrameTimes(None)
    sample = spacing(ticks, main.time_base) if ticks else None
    variable = sample.variable if sample and len(ticks) > 2 else None
    if sample and seen.whole:
        return ends, FrameTimes(sample, all_seen=True, longest_s=sample.longest_s or None, variable=variable)
    longest_s = _longest_possible_s(main, seen.first, ends)
    return ends, FrameTimes(sample, longest_s=longest_s, variable=variable or None)


def _read_end(container: Any, main: Any, tracks: Sequence[Any], stated_s: Fraction, timeout_s: float) -> Reading | None:
    end = packets.read_end(container, main, tracks, stated_s, deadline=time.monotonic() + timeout_s / 4)
    if end is None:
        return None
    ends = _found_ends(container, main, end, (None, stated_s))
    elsewhere = (ends.file_s or 0) > stated_s + packets.TAIL_S  # after a seek, Ogg may count from there
    return None if elsewhere else end


def _found_ends(container: Any, main: Any, found: Reading, stated: tuple[Fraction | None, Fraction | None]) -> Ends:
    latest = found.last_frame
    ends = {index: seconds(end, container.streams[index]) or Fraction(0) for index, end in found.ends.items()}
    said = next((end for end in stated if end is not None), None)
    stated_end = math.floor(said / main.time_base) if said is not None else None
    usual = round(1 / (main.average_rate * main.time_base)) if main.average_rate else 0
    if (video_end := latest.end(stated_end, usual)) is not None:
        ends[main.index] = video_end * main.time_base
    picture_s = believed_end(stated[0], ends.get(main.index))
    file_s = believed_end(stated[1], max(ends.values(), default=None))
    last_packet_s = found.last_packet * main.time_base if found.last_packet is not None else None
    return Ends(picture_s, file_s, last_packet_s)


def _counted(main: Any, seen: Reading, ends: Ends) -> Ends:
    """The picture of a file that was read whole ends no earlier than all its frames take."""
    if seen.first is None or not main.average_rate:
        return ends
    end_s = seen.first * main.time_base + seen.packets[main.index] / main.average_rate
    if ends.picture_s is None or end_s <= ends.picture_s:
        return ends
    return replace(ends, picture_s=end_s, file_s=max(end_s, ends.file_s or end_s))


def _longest_possible_s(main: Any, first: int | None, ends: Ends) -> Fraction | None:
    """The longest gap between the key frames that the container lists: none between frames is longer."""
    if ends.picture_s is None or first is None:
        return None
    ticks = array("q", (entry.timestamp for entry in main.index_entries if entry.is_keyframe))
    ticks.extend((first, math.ceil(ends.picture_s / main.time_base)))
    return spacing(ticks, main.time_base).longest_s

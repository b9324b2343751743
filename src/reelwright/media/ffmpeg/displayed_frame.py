"""Which frame is on display where an interval begins: where it is not known, one command finds it for the next one.

The number reaches that through a slot of its own, "{shown}", which the runner fills with what was read here of a file
that ffmpeg wrote into the work folder: never with text of the file.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import msgspec

from reelwright.edits.held_frames import is_held


class DisplayedFrame(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a command leaves behind: the tick, of `tick_s` seconds, from which on frames are shown in the
    interval `first` <= tick < `end`. It is before `first` where a picture that stands has begun earlier."""

    first: int
    end: int
    tick_s: str
    name: str = "shown"
    file: str = "shown.txt"

    def read(self, work: Path) -> str:
        before: Fraction | None = None
        after: Fraction | None = None
        tick = Fraction(self.tick_s)
        own = tick
        with (work / self.file).open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("#tb 0:"):
                    own = Fraction(line.partition(":")[2].strip())
                elif (time := _time(line)) is not None:
                    at = time * own / tick
                    if at < self.first:
                        before = at if before is None else max(before, at)
                    else:
                        after = at if after is None else min(after, at)
        return str(self.from_tick(before, after))

    def from_tick(self, before: Fraction | None, after: Fraction | None) -> int:
        """`before`: the last frame that begins before the interval; `after`: the first one of those that do not."""
        if before is None or after == self.first:
            return self.first
        is_empty = after is None or after >= self.end
        if is_empty or is_held((after or before) * Fraction(self.tick_s) - before * Fraction(self.tick_s)):
            return int(before)
        return self.first


def _time(line: str) -> int | None:
    """When a packet is shown; by when it is decoded where nothing else is known. Empty ones hold no frame."""
    fields = [field.strip() for field in line.split(",")]
    if len(fields) < 6 or line.startswith("#") or fields[4] == "0":
        return None
    for field in (fields[2], fields[1]):
        if field.lstrip("-").isdigit():
            return int(field)
    return None

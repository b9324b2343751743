"""Numbers that one command finds out for those that follow, read from files that ffmpeg wrote into the work folder.

A number reaches later commands through a slot of its own, "{gain-0}", which the runner fills with what was read here:
never with text of a file.
"""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path

import msgspec

from reelwright.edits.held_frames import is_held
from reelwright.errors import MediaProcessFailed

SILENCE_LUFS = -70.0
"""What ebur128 says of silence, and of less than 0.4 s: there is nothing to bring up."""
MAX_GAIN_DB = 30.0
"""More would bring up noise."""
TAIL_BYTES = 4096
LOUDNESS_KEY = "lavfi.r128.I"
_INTEGRATED = re.compile(r"^lavfi\.r128\.I=(-?[0-9]{1,3}\.[0-9]{1,3})$", re.ASCII | re.MULTILINE)


class LoudnessGain(msgspec.Struct, frozen=True, kw_only=True):
    """A number that a command leaves behind: how many decibels bring the sound that it measured, and of which it wrote
    into `file` in the work folder, to `target_lufs`. Later commands have the slot "{name}" for it."""

    name: str
    file: str
    target_lufs: float

    @classmethod
    def of(cls, track: int, target_lufs: float, *, number: int = 0) -> LoudnessGain:
        """`number`: of those of the same track."""
        ending = f"-{number}" if number else ""
        return cls(name=f"gain-{track}{ending}", file=f"loudness-{track}{ending}.txt", target_lufs=target_lufs)

    def read(self, work: Path) -> str:
        """The number, as the filter takes it. Raises MediaProcessFailed when nothing was measured."""
        try:
            with (work / self.file).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
                text = file.read().decode("ascii", errors="replace")
        except FileNotFoundError:
            text = ""
        return f"{self.decibels(text):.3f}"

    def decibels(self, text: str) -> float:
        """What the end of the file says. Of no sound at all, and of silence, nothing is to be changed."""
        found = _INTEGRATED.findall(text)
        if not found and text.strip():
            raise MediaProcessFailed("the loudness could not be measured", code="ffmpeg_failed")
        measured = float(found[-1]) if found else SILENCE_LUFS
        if measured <= SILENCE_LUFS:
            return 0.0
        return min(self.target_lufs - measured, MAX_GAIN_DB)


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

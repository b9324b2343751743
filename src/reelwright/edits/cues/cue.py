"""What a cue is: a text in runs of one look each, shown while start <= t < end, and where it wants to be."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

MAX_CUES = 5000
MAX_CUE_CHARACTERS = 1000
MAX_CUE_LINES = 20
MAX_CUE_MARKUP = 20 * MAX_CUE_CHARACTERS
"""Characters of a cue, with its tags."""
MAX_BYTES = 2**20
"""Of a file of subtitles."""

Align = Literal["start", "center", "end", "left", "right"]
Edge = Literal["start", "center", "end"]


class CuesError(ValueError):
    """Text that is no subtitles, with a sentence for the client that names the line."""


class CueRun(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a cue's text that looks alike; a line feed in it begins a new line. `color`: "#rrggbb"; None: as the
    style says."""

    text: str
    italic: bool = False
    bold: bool = False
    underline: bool = False
    color: str | None = None


class CuePlace(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a cue wants to be, in WebVTT's terms; None: as the style says. `line` counts lines from the top, from the
    bottom where it is negative (-1 is the last one); per cents are of the picture's width and height."""

    line: int | None = None
    line_percent: float | None = None
    line_align: Edge = "start"
    position_percent: float | None = None
    position_align: Edge | None = None
    align: Align | None = None
    size_percent: float | None = None


ANYWHERE = CuePlace()


class Cue(msgspec.Struct, frozen=True, omit_defaults=True):
    """Times are exact fractions of seconds in strings, as everywhere in an edit."""

    start_s: str
    end_s: str
    runs: tuple[CueRun, ...]
    place: CuePlace = ANYWHERE

    @property
    def start(self) -> Fraction:
        return Fraction(self.start_s)

    @property
    def end(self) -> Fraction:
        return Fraction(self.end_s)

    @property
    def text(self) -> str:
        """What is written, without its looks."""
        return "".join(run.text for run in self.runs)

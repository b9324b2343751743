"""A container's chapters -> where they begin and end, and what they are called. Runs only in the prober's children;
objects of PyAV are untyped here."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import Any

from reelwright.edits.media_info import MAX_CHAPTERS, Chapter
from reelwright.edits.text_rules import as_line
from reelwright.edits.timecode import MAX_TIME_S

MAX_TITLE_CHARACTERS = 100


def marks(container: Any, origin: Fraction) -> list[Chapter]:
    """The first ones, on the time line that begins at `origin` of the file's own. What ends before it begins is left
    out."""
    found = []
    for chapter in islice(container.chapters(), MAX_CHAPTERS):
        start, end = (Fraction(chapter[name]) * chapter["time_base"] - origin for name in ("start", "end"))
        start, end = max(start, Fraction(0)), min(end, Fraction(MAX_TIME_S))
        if start < end:
            title = as_line(chapter["metadata"].get("title", ""), MAX_TITLE_CHARACTERS)
            found.append(Chapter(start_s=str(start), end_s=str(end), title=title))
    return sorted(found, key=lambda one: Fraction(one.start_s))

"""Points in time as clients write them, seconds or "HH:MM:SS(.sss)", turned into exact seconds."""

from __future__ import annotations

import re
from fractions import Fraction

_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)", re.ASCII)

Time = float | str
"""A JSON number of seconds, or "HH:MM:SS" with up to nine decimals."""

LONGEST_S = 1000 * 3600


def parse(value: Time) -> Fraction:
    """Exact seconds: a number means its decimal digits (0.1 is one tenth, not the nearest binary fraction).

    Raises ValueError with a sentence for the client.
    """
    if isinstance(value, str):
        found = _CLOCK.fullmatch(value)
        if found is None:
            raise ValueError('a time is a number of seconds or "HH:MM:SS(.sss)"')
        hours, minutes, seconds = found.groups()
        exact = int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    else:
        exact = Fraction(repr(value))
    if exact < 0:
        raise ValueError("a time is not negative")
    if exact > LONGEST_S:
        raise ValueError(f"a time is at most {LONGEST_S} seconds")
    return exact


def show(seconds: Fraction) -> str:
    """Seconds for people: "2.5 s", to the millisecond."""
    return f"{float(seconds):.3f}".rstrip("0").rstrip(".") + " s"

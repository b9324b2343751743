"""Points in time as clients write them, turned into exact seconds.

A JSON number is seconds. Text is "SS", "MM:SS" or "HH:MM:SS": what stands first may have any number of digits, what
follows a colon has two and is below 60, and the seconds may have up to nine decimals. So "90", "90.5", "1:30",
"90:00" and "0:01:30.500" are times; "1:2" (two seconds or twenty?) and "1:75" are none.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright.edits.validation import Check

_CLOCK = re.compile(
    r"""(?: (?: (?P<hours>\d{1,9}) : (?P<minutes>[0-5]\d) | (?P<only_minutes>\d{1,9}) ) : (?P<seconds>[0-5]\d)
        | (?P<only_seconds>\d{1,9}) ) (?P<fraction>\.\d{1,9})?""",
    re.ASCII | re.VERBOSE,
)

Time = float | str
"""A JSON number of seconds, or text: "SS", "MM:SS" or "HH:MM:SS", with up to nine decimals."""

MAX_TIME_S = 1000 * 3600


def parse(value: Time) -> Fraction:
    """Exact seconds: a number means its decimal digits (0.1 is one tenth, not the nearest binary fraction).

    Raises ValueError with a sentence for the client.
    """
    if isinstance(value, str):
        found = _CLOCK.fullmatch(value)
        if found is None:
            raise ValueError('a time is a number of seconds, or text like "1.5", "1:30" or "0:01:30.5"')
        hours = int(found["hours"] or 0)
        minutes = int(found["minutes"] or found["only_minutes"] or 0)
        seconds = int(found["seconds"] or found["only_seconds"])
        exact = hours * 3600 + minutes * 60 + seconds + Fraction(f"0{found['fraction'] or ''}")
    else:
        exact = Fraction(repr(value))
    if exact < 0:
        raise ValueError("a time is not negative")
    if exact > MAX_TIME_S:
        raise ValueError(f"a time is at most {MAX_TIME_S} seconds")
    return exact


def show(seconds: Fraction) -> str:
    """Seconds for people: "2.5 s", to the millisecond."""
    return f"{float(seconds):.3f}".rstrip("0").rstrip(".") + " s"


Moment = Annotated[
    Time,
    Check(parse),
    Meta(
        description='Seconds (`90.5`), or as text `"SS"`, `"MM:SS"` or `"HH:MM:SS"`, with decimals (`"1:30.500"`).',
        examples=[90.5, "1:30.500", "00:01:30"],
    ),
]
"""A time as clients give it, described for them."""

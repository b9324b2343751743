"""How loud: a factor, or decibels. Pure."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright.edits.validation import Check

MAX_FACTOR = 10
MIN_DB, MAX_DB = -80, 20
_DECIBELS = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,3})?)\s*dB\s*", re.ASCII | re.IGNORECASE)


def factor(volume: float | str) -> Fraction:
    """Raises ValueError with a sentence for the client."""
    if not isinstance(volume, str):
        if not 0 <= volume <= MAX_FACTOR:
            raise ValueError(f'is a factor of 0 to {MAX_FACTOR}, or decibels like "-6dB"')
        return Fraction(repr(volume))
    if (read := _DECIBELS.fullmatch(volume)) is None:
        raise ValueError(f'is a factor of 0 to {MAX_FACTOR}, or decibels like "-6dB"')
    decibels = float(read[1])
    if not MIN_DB <= decibels <= MAX_DB:
        raise ValueError(f"is {MIN_DB} to {MAX_DB} dB")
    return Fraction(round(10 ** (decibels / 20) * 1_000_000), 1_000_000)


Volume = Annotated[
    float | str,
    Check(factor),
    Meta(description=f"A factor of 0 to {MAX_FACTOR}, or decibels as `-6dB`."),
]

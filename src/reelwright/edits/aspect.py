"""Aspects of pictures as clients write them: "9:16", or in one word, "vertical". Pure."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright.edits.validation import Check

Aspect = Fraction
"""Width over height."""

NAMED = {
    "vertical": Fraction(9, 16),
    "portrait": Fraction(4, 5),
    "square": Fraction(1),
    "classic": Fraction(4, 3),
    "landscape": Fraction(16, 9),
    "cinema": Fraction(64, 27),
}
MAX_RATIO = 10
_RATIO = re.compile(r"(\d{1,5}(?:\.\d{1,4})?):(\d{1,5}(?:\.\d{1,4})?)", re.ASCII)


def aspect(text: str) -> Aspect:
    """Raises ValueError with a sentence for the client."""
    if text in NAMED:
        return NAMED[text]
    found = _RATIO.fullmatch(text)
    if found is None or not (Fraction(found[1]) and Fraction(found[2])):
        raise ValueError(f'an aspect is width:height, as in "9:16", or one of {", ".join(NAMED)}')
    ratio = Fraction(found[1]) / Fraction(found[2])
    if not Fraction(1, MAX_RATIO) <= ratio <= MAX_RATIO:
        raise ValueError(f"an aspect is from 1:{MAX_RATIO} to {MAX_RATIO}:1")
    return ratio


AspectText = Annotated[
    str,
    Check(aspect),
    Meta(max_length=32, description=f'Width over height, "9:16", or a word: {", ".join(NAMED)}.', examples=["9:16"]),
]

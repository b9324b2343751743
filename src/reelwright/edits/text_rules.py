"""Words and how they look: what may be drawn into a picture, checked before anything is drawn."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec

from reelwright.edits.color import BLACK, WHITE, Colour

LONGEST_TEXT = 500
"""Characters (code points)."""
MOST_LINES = 20
LARGEST_FONT_PX = 1000
WIDEST_PX = 8192
"""Of a drawn text, either way."""
MOST_PIXELS = 4096 * 4096
"""Of a drawn text."""
MOST_PADDING_PX = 500
WIDEST_OUTLINE_PX = 32
MOST_BLUR_PX = 20

_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")


class TextStyle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a text looks. Lengths in pixels of the video."""

    font: str | None = None
    """A font's file name or family, None: the bundled one. Whatever it lacks comes from the others."""
    font_size: int = 32
    """Pixels per em."""
    colour: Colour = WHITE
    """Of the letters; emoji keep their own colours."""
    opacity: float = 1.0
    """Of all together, 0 to 1."""
    align: Literal["start", "left", "center", "right"] = "start"
    """Of several lines. `start` is where each paragraph begins: at the right in right-to-left scripts."""
    max_width: int | None = None
    """Lines are broken at this width: between words, inside a word that is longer."""
    line_spacing: int = 0
    """Extra distance between lines."""
    outline_width: int = 0
    outline_colour: Colour = BLACK
    shadow_colour: Colour | None = None
    """None: no shadow."""
    shadow_x: int = 2
    shadow_y: int = 2
    shadow_blur: int = 0
    """Standard deviation of the blur."""
    background: Colour | None = None
    """A box behind the text; None: no box."""
    padding: int = 0
    """Between the letters (with their outline) and the edge of the box."""

    def __post_init__(self) -> None:
        bounds = {
            "font_size": (1, LARGEST_FONT_PX),
            "opacity": (0, 1),
            "max_width": (1, WIDEST_PX),
            "line_spacing": (-LARGEST_FONT_PX, LARGEST_FONT_PX),
            "outline_width": (0, WIDEST_OUTLINE_PX),
            "shadow_x": (-MOST_PADDING_PX, MOST_PADDING_PX),
            "shadow_y": (-MOST_PADDING_PX, MOST_PADDING_PX),
            "shadow_blur": (0, MOST_BLUR_PX),
            "padding": (0, MOST_PADDING_PX),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} is from {low} to {high}")


def checked_text(text: str) -> str:
    """The text as it is drawn: every kind of line end is a line feed.

    Raises ValueError with a sentence for the client: too long, too many lines, nothing to see, control characters,
    halves of surrogate pairs.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"a text has at most {LONGEST_TEXT} characters")
    text = _LINE_ENDS.sub("\n", text)
    for character in text:
        kind = unicodedata.category(character)
        if kind == "Cc" and character != "\n":
            raise ValueError(f"a text has no control characters other than line feeds: {code_point(character)}")
        if kind == "Cs":
            raise ValueError(f"a text has no halves of surrogate pairs: {code_point(character)}")
    if text.count("\n") >= MOST_LINES:
        raise ValueError(f"a text has at most {MOST_LINES} lines")
    if all(character.isspace() or is_invisible(character) for character in text):
        raise ValueError("there is nothing to see in the text")
    return text


def code_point(character: str) -> str:
    """For people: "U+0007"."""
    return f"U+{ord(character):04X}"


_INVISIBLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)


def is_invisible(character: str) -> bool:
    """Whether it steers how others are drawn and needs no glyph itself: Unicode's Default_Ignorable_Code_Point."""
    number = ord(character)
    return any(low <= number <= high for low, high in _INVISIBLE)


def is_right_to_left(text: str) -> bool:
    """Whether its first letter with a direction is read from the right (Unicode Bidirectional Algorithm, P2, P3)."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"

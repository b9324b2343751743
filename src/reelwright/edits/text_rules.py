"""Which texts may be drawn, and how large; which characters are invisible, or control characters that nothing which is
stored may hold; which direction a text has. Pure."""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT_CHARACTERS = 500
"""Characters (code points)."""
MAX_LINES = 20
MAX_FONT_PX = 1000
MAX_SIDE_PX = 8192
"""Of a drawn text, either way."""
MAX_PIXELS = 4096 * 4096
"""Of a drawn text."""
MAX_PADDING_PX = 500
MAX_OUTLINE_PX = 32
MAX_BLUR_PX = 20

_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029]")


def checked_text(text: str) -> str:
    """The text as it is drawn: every kind of line end is a line feed.

    Raises ValueError with a sentence for the client: too long, too many lines, nothing to see, control characters,
    halves of surrogate pairs.
    """
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueError(f"a text has at most {MAX_TEXT_CHARACTERS} characters")
    text = _LINE_ENDS.sub("\n", text)
    for character in text:
        kind = unicodedata.category(character)
        if kind == "Cc" and character != "\n":
            raise ValueError(f"a text has no control characters other than line feeds: {code_point(character)}")
        if kind == "Cs":
            raise ValueError(f"a text has no halves of surrogate pairs: {code_point(character)}")
    if text.count("\n") >= MAX_LINES:
        raise ValueError(f"a text has at most {MAX_LINES} lines")
    if all(character.isspace() or is_invisible(character) for character in text):
        raise ValueError("there is nothing to see in the text")
    return text


def checked_line(text: str) -> str:
    """The text, which is one line with something to see. Raises ValueError with a sentence for the client."""
    if "\n" in checked_text(text):
        raise ValueError("it is one line")
    return text


def as_line(text: str, most: int) -> str:
    """What a file says, as one line of so many characters at most; empty where that is none."""
    try:
        return checked_line(" ".join(text.split())[:most].strip())
    except ValueError:
        return ""


def control_character(text: str, allowed: str = "") -> str | None:
    """Return the first character of a text that steers a terminal or breaks a line, unless it is allowed."""
    kinds = ("Cc", "Cs", "Zl", "Zp")
    return next((one for one in text if unicodedata.category(one) in kinds and one not in allowed), None)


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

"""Emoji: the fonts that draw them, in colour before black and white, and what a text says of that itself."""

from __future__ import annotations

MONOCHROME = "Noto Emoji"
COLOURED = ("Noto Color Emoji", "Twemoji", "Apple Color Emoji", "Segoe UI Emoji")
PREFERRED = (*COLOURED, MONOCHROME)
"""The best first."""
IN_COLOUR = "\ufe0f"
"""Behind a character: it is meant as a coloured emoji."""


def families(chosen: str) -> tuple[str, ...]:
    """Return those that draw emoji of a text, the best first: its own font where that is one of emoji."""
    named = (chosen,) if chosen in PREFERRED else ()
    return tuple(dict.fromkeys((*named, *PREFERRED)))


def as_font_draws(text: str, family: str) -> str:
    """Return the text so that a font of emoji in black and white draws it, where that was chosen: what asks for colours
    would ask for another font's."""
    return text.replace(IN_COLOUR, "") if family == MONOCHROME else text

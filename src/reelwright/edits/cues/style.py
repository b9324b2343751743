"""How subtitles look when they are drawn: as a client says it, and in pixels of a picture."""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from reelwright.edits import text_rules
from reelwright.edits.geometry import Size
from reelwright.edits.layers import Blur, ColorText, FontName, LineSpacing, OutlineWidth, Padding, Shift, TextStyle
from reelwright.edits.pointers import BODY, Pointer
from reelwright.edits.validation import Check, problems
from reelwright.errors import FieldError, InvalidInput

USUAL_FONT_SIZE = Fraction(1, 18)
"""Of the picture's shorter side: 60 pixels of 1080."""
LARGEST_FONT_SIZE = Fraction(1, 3)
USUAL_OUTLINE, USUAL_PADDING = Fraction(1, 15), Fraction(1, 4)
"""Of the font size."""

_PER_CENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%", re.ASCII)


def measure(length: float | str, whole: int = 0) -> Fraction:
    """Pixels: a number of them, or as in "5%" a part of the whole. Raises ValueError with a sentence for the client."""
    if not isinstance(length, str):
        return Fraction(repr(length))
    found = _PER_CENT.fullmatch(length)
    if found is None or (share := Fraction(found[1])) > 100:
        raise ValueError('a length is a number of pixels or, as in "5%", per cent of the picture')
    return share * whole / 100


Length = Annotated[Annotated[float, Meta(ge=0, le=text_rules.MAX_SIDE_PX)] | str, Check(measure)]


class SubtitleStyle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How subtitles look. Lengths are pixels of the picture that they lie on, or "5%": of the picture's shorter side,
    of its width for `max_width`."""

    font: FontName | None = None
    """A font's file name or family, None: the bundled one. Whatever it lacks comes from the others."""
    font_size: Length | None = None
    """Per em; None: an eighteenth of the shorter side."""
    color: ColorText = "white"
    """Of the letters, unless the subtitles themselves say; emoji keep their own colours."""
    outline_width: OutlineWidth | None = None
    """None: a fifteenth of the font size, and none around letters in a box."""
    outline_color: ColorText = "black"
    shadow_color: ColorText | None = None
    """None: no shadow."""
    shadow_x: Shift = 2
    shadow_y: Shift = 2
    shadow_blur: Blur = 0
    background: ColorText | None = None
    """A box behind each cue; None: no box."""
    padding: Padding | None = None
    """Between the letters and the edge of the box; None: a quarter of the font size."""
    line_spacing: LineSpacing = 0
    position: Literal["top", "middle", "bottom"] = "bottom"
    """Of cues that do not say themselves where they want to be."""
    align: Literal["start", "left", "center", "right"] = "center"
    margin: Length = "5%"
    """That is kept free at every side."""
    max_width: Length = "90%"
    """Lines are broken at this width."""


class PixelStyle(msgspec.Struct, frozen=True, kw_only=True):
    """The same for one canvas, in its pixels."""

    text: TextStyle
    """`max_width` is that of cues that do not say."""
    position: Literal["top", "middle", "bottom"]
    margin: int
    width: int
    height: int


def in_pixels(style: SubtitleStyle, canvas: Size, pointer: Pointer = BODY) -> PixelStyle:
    """`pointer`: where the request has the style. Raises InvalidInput that names the fields."""
    if errors := problems(style, pointer):
        raise InvalidInput(errors)
    shorter = min(canvas)
    size = _pixels(USUAL_FONT_SIZE * shorter if style.font_size is None else measure(style.font_size, shorter))
    largest = max(1, floor(LARGEST_FONT_SIZE * shorter))
    if size > largest:
        most = f"{largest}, a third of the shorter side, is the most"
        errors.append(FieldError(pointer / "font_size", f"is {size} pixels: {most}"))
    margin = floor(measure(style.margin, shorter))
    if 2 * margin >= shorter:
        errors.append(FieldError(pointer / "margin", "leaves no room between the sides"))
    if errors:
        raise InvalidInput(errors)
    outline, padding = style.outline_width, style.padding
    if outline is None:
        outline = 0 if style.background is not None else _pixels(USUAL_OUTLINE * size)
    if padding is None:
        padding = _pixels(USUAL_PADDING * size)
    around = outline + (padding if style.background is not None else 0)
    widest = min(_pixels(measure(style.max_width, canvas[0])), canvas[0] - 2 * margin)
    text = TextStyle(
        font=style.font,
        font_size=size,
        color=style.color,
        align=style.align,
        max_width=max(1, widest - 2 * around),
        line_spacing=style.line_spacing,
        outline_width=min(outline, text_rules.MAX_OUTLINE_PX),
        outline_color=style.outline_color,
        shadow_color=style.shadow_color,
        shadow_x=style.shadow_x,
        shadow_y=style.shadow_y,
        shadow_blur=style.shadow_blur,
        background=style.background,
        padding=padding,
    )
    return PixelStyle(text=text, position=style.position, margin=margin, width=canvas[0], height=canvas[1])


def _pixels(length: Fraction) -> int:
    return max(1, floor(length + Fraction(1, 2)))

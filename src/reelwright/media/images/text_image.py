"""A text as a picture: letters by Pango, with outline, shadow and box put under them. Runs contained.

The picture ends where the last trace of ink (or the box) does. Layers are premultiplied floats, 0 to 255.
"""

from __future__ import annotations

from html import escape
from math import ceil, hypot

import msgspec
import pyvips

from reelwright.edits.color import Color, parse
from reelwright.edits.layers import TextStyle
from reelwright.edits.text_rules import MAX_PIXELS, MAX_SIDE_PX, is_right_to_left
from reelwright.media.images.requests import Face

TRIAL_PX = 10
"""Font size of the trial that tells how large a text will be."""
DILATE_PX = 4.0
"""Outlines grow by at most so much at a time: the work for one pixel grows with the square."""
BLUR_REACH = 3
"""Standard deviations after which a blur has faded."""

TOO_LARGE = f"the text would be too large a picture: {MAX_SIDE_PX} pixels a side and {MAX_PIXELS} in all are the most"


def draw(text: str, style: TextStyle, face: Face) -> pyvips.Image:
    """The picture: 8-bit sRGB with opacity. Raises ValueError with a sentence when it would be too large."""
    if style.font_size > TRIAL_PX:
        scale = style.font_size / TRIAL_PX
        trial = _letters(text, _scaled(style, scale), face)
        hold_size(trial.width * scale / 2, trial.height * scale / 2)  # roughly: the picture itself is measured below
    inked = _letters(text, style, face)
    hold_size(inked.width, inked.height)
    left, top, right, bottom = margins(style)
    width, height = inked.width + left + right, inked.height + top + bottom
    hold_size(width, height)
    inked = inked.embed(left, top, width, height).copy_memory()  # else it is drawn again for every use below
    covered = inked[3] / 255
    picture = inked.premultiply() * parse(style.color).alpha
    if style.outline_width:
        wide = _dilated(covered, style.outline_width)
        outline = parse(style.outline_color)
        picture += _layer((wide - covered) * outline.alpha, outline)
        picture = picture.copy_memory()
    if style.shadow_color is not None:
        shadow = parse(style.shadow_color)
        shade = picture[3] / 255 * shadow.alpha
        shade = shade.embed(style.shadow_x, style.shadow_y, width, height)
        if style.shadow_blur:
            shade = shade.gaussblur(style.shadow_blur, precision="float", min_ampl=0.01)
        picture = _over(picture, _layer(shade.copy_memory(), shadow)).copy_memory()
    if style.background is not None:
        background = parse(style.background)
        around = style.outline_width + style.padding
        x, y = left - around, top - around
        inner = pyvips.Image.black(width - left - right + 2 * around, height - top - bottom + 2 * around)
        box = (inner + background.alpha).embed(x, y, width, height)
        picture = _over(picture, _layer(box, background))
    picture = picture.unpremultiply()
    return picture.rint().cast("uchar").copy(interpretation="srgb", xoffset=0, yoffset=0)


def _letters(text: str, style: TextStyle, face: Face) -> pyvips.Image:
    markup = f"{span(style, face)}{escape(text, quote=False)}</span>"
    return letters(markup, style, face, align=alignment(text, style))


def span(style: TextStyle, face: Face) -> str:
    """The beginning of Pango's markup of all of a text."""
    stretch = (
        *("ultracondensed", "extracondensed", "condensed", "semicondensed", "normal"),
        *("semiexpanded", "expanded", "extraexpanded", "ultraexpanded"),
    )[face.width - 1]
    slant = "italic" if face.italic else "normal"
    return (
        f'<span foreground="{parse(style.color).hex}" weight="{face.weight}" style="{slant}" stretch="{stretch}"'
        ' insert_hyphens="false">'  # what is broken inside a word is still what was written
    )


def letters(markup: str, style: TextStyle, face: Face, *, align: str) -> pyvips.Image:
    """The letters alone; not drawn before pixels of them are asked for. `align`: Pango's word. Raises ValueError."""
    layout: dict[str, object] = {"align": align, "spacing": style.line_spacing}
    if style.max_width is not None:
        layout |= {"width": style.max_width, "wrap": "word-char"}
    try:
        return pyvips.Image.text(
            markup, font=f"{','.join(face.families)}, {style.font_size}px", rgba=True, dpi=72, **layout
        )
    except pyvips.Error as error:
        if "no text to render" in str(error):
            raise ValueError("there is nothing to see in the text") from error
        if "too big" in str(error):
            raise ValueError(TOO_LARGE) from error
        raise


def alignment(text: str, style: TextStyle) -> str:
    """Pango's `low` is where a paragraph begins, left or right; a client's left is the left of a text that begins
    with letters of its first paragraph's direction."""
    if style.align == "center":
        return "centre"
    if style.align == "start":
        return "low"
    return "high" if is_right_to_left(text) == (style.align == "left") else "low"


def _scaled(style: TextStyle, scale: float) -> TextStyle:
    width = None if style.max_width is None else max(1, round(style.max_width / scale))
    spacing = round(style.line_spacing / scale)
    return msgspec.structs.replace(style, font_size=TRIAL_PX, max_width=width, line_spacing=spacing)


def hold_size(width: float, height: float) -> None:
    """Raises ValueError for what is too large a picture."""
    if max(width, height) > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise ValueError(TOO_LARGE)


def margins(style: TextStyle) -> tuple[int, int, int, int]:
    """Room around the letters: left, top, right, bottom."""
    outline = style.outline_width
    box = outline + style.padding if style.background is not None else outline
    if style.shadow_color is None:
        return box, box, box, box
    blur, x, y = outline + BLUR_REACH * style.shadow_blur, style.shadow_x, style.shadow_y
    return max(box, blur - x), max(box, blur - y), max(box, blur + x), max(box, blur + y)


def _layer(opacity: pyvips.Image, color: Color) -> pyvips.Image:
    """One colour with an opacity of 0 to 1 for each pixel."""
    return opacity * [color.red, color.green, color.blue, 255]


def _over(top: pyvips.Image, bottom: pyvips.Image) -> pyvips.Image:
    """Porter and Duff's `over`."""
    return top + bottom * (1 - top[3] / 255)


def _dilated(covered: pyvips.Image, radius: float) -> pyvips.Image:
    """What a disc of that radius covers when its middle is moved over the ink; growing in steps comes to the same.

    A pixel of which part is covered counts as that part, so edges stay smooth.
    """
    steps = ceil(radius / DILATE_PX)
    reach = ceil(radius / steps)
    span = range(-reach, reach + 1)
    disc = [[min(1.0, max(0.0, radius / steps + 0.5 - hypot(x, y))) for x in span] for y in span]
    mask = pyvips.Image.new_from_array(disc)
    for _ in range(steps):
        covered = covered.conv(mask, precision="float").clamp(min=0, max=1).copy_memory()
    return covered

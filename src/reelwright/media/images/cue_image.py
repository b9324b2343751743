"""A cue as a picture: letters by Pango, with outline, shadow and box put under them. Runs contained.

The looks are those of `text_image`; the arithmetic is in bytes, for subtitles are thousands of pictures. What is
transparent has the colour of what lies lowest, so that no dark rim shows where colours are averaged.
"""

from __future__ import annotations

from html import escape
from math import ceil, hypot

import msgspec
import pyvips

from reelwright.edits.color import Color, parse
from reelwright.edits.cues import layout
from reelwright.edits.cues.cue import Cue, CueRun
from reelwright.edits.cues.style import PixelStyle
from reelwright.edits.layers import TextStyle
from reelwright.edits.text_rules import MAX_PIXELS
from reelwright.media.images import text_image
from reelwright.media.images.requests import Face

WIDE_EMS = 4
"""How many squares of the font size a character may need: where all of them might need too much, a trial tells."""


def size(cue: Cue, style: PixelStyle, face: Face) -> tuple[int, int]:
    """As `drawn` will be; little of the work is done. Raises ValueError with a sentence."""
    look = _look(cue, style)
    if len(cue.text) * style.text.font_size**2 * WIDE_EMS > MAX_PIXELS:
        scale = style.text.font_size / text_image.TRIAL_PX
        small = msgspec.structs.replace(look, font_size=text_image.TRIAL_PX, max_width=_scaled(look.max_width, scale))
        trial = _letters(cue, style, small, face)
        text_image.hold_size(trial.width * scale / 2, trial.height * scale / 2)
    inked = _letters(cue, style, look, face)
    left, top, right, bottom = text_image.margins(look)
    found = inked.width + left + right, inked.height + top + bottom
    text_image.hold_size(*found)
    return found


def drawn(cue: Cue, style: PixelStyle, face: Face) -> pyvips.Image:
    """The picture: 8-bit sRGB with opacity."""
    look = _look(cue, style)
    left, top, right, bottom = text_image.margins(look)
    inked = _letters(cue, style, look, face)
    width, height = inked.width + left + right, inked.height + top + bottom
    inked = inked.embed(left, top, width, height).copy_memory()  # else it is drawn again for every use below
    picture = _Picture(inked, look)
    if look.shadow_color is not None:
        shade = picture.alpha.embed(look.shadow_x, look.shadow_y, width, height)
        if look.shadow_blur:
            shade = shade.gaussblur(look.shadow_blur, precision="integer", min_ampl=0.01)
        picture.over(parse(look.shadow_color), shade)
    if look.background is not None:
        around = look.outline_width + look.padding
        x, y = left - around, top - around
        inner = pyvips.Image.black(width - left - right + 2 * around, height - top - bottom + 2 * around)
        picture.over(parse(look.background), inner.linear(1, 255, uchar=True).embed(x, y, width, height))
    return picture.whole()


def clear(style: PixelStyle) -> list[int]:
    """What a pixel is where nothing is drawn."""
    return [*_rgb(_lowest(style.text)), 0]


class _Picture:
    """Letters with their outline, and what comes under them: colours, and how much of each pixel they cover."""

    def __init__(self, inked: pyvips.Image, look: TextStyle) -> None:
        letters = parse(look.color)
        covered, colors = inked[3], inked[0:3]
        if look.outline_width:
            outline = parse(look.outline_color)
            wide = _dilated(covered, look.outline_width)
            # around the letters, not under them; where there is ink, there is outline all around it
            self.alpha = _times(wide, outline.alpha)
            if (letters.alpha, outline.alpha) != (1, 1):
                self.alpha = covered.ifthenelse(round(255 * letters.alpha), self.alpha, blend=True).cast("uchar")
            self.lowest = _rgb(outline)
            self.colors = covered.ifthenelse(colors, self.lowest, blend=True)
        else:
            self.alpha = _times(covered, letters.alpha)
            self.lowest = _rgb(letters)
            self.colors = (covered == 0).ifthenelse(self.lowest, colors)
        self.alpha = self.alpha.copy_memory()

    def over(self, color: Color, alpha: pyvips.Image) -> None:
        """What is here over one colour (Porter and Duff)."""
        whole = self.alpha.ifthenelse(255, _times(alpha, color.alpha), blend=True).cast("uchar").copy_memory()
        if _rgb(color) != self.lowest:
            share = (self.alpha * 255 / (whole + (whole == 0) / 255)).cast("uchar")
            self.lowest = _rgb(color)
            self.colors = share.ifthenelse(self.colors, self.lowest, blend=True)
        self.alpha = whole

    def whole(self) -> pyvips.Image:
        """All of it; what is transparent has the lowest colour."""
        picture = self.colors.cast("uchar").bandjoin(self.alpha)
        return picture.copy(interpretation="srgb", xoffset=0, yoffset=0).copy_memory()


def _look(cue: Cue, style: PixelStyle) -> TextStyle:
    look = style.text
    left, _, right, _ = text_image.margins(msgspec.structs.replace(look, shadow_color=None))
    width = max(1, layout.widest(cue, style) - (0 if cue.place.size_percent is None else left + right))
    return msgspec.structs.replace(look, max_width=width)


def _letters(cue: Cue, style: PixelStyle, look: TextStyle, face: Face) -> pyvips.Image:
    aligned = msgspec.structs.replace(look, align=layout.alignment(cue, style))
    markup = f"{text_image.span(look, face)}{''.join(map(_marked, cue.runs))}</span>"
    return text_image.letters(markup, look, face, align=text_image.alignment(cue.text, aligned))


def _marked(run: CueRun) -> str:
    looks = [
        *(['foreground="' + parse(run.color).hex + '"'] if run.color else []),
        *(['style="italic"'] if run.italic else []),
        *(['weight="bold"'] if run.bold else []),
        *(['underline="single"'] if run.underline else []),
    ]
    text = escape(run.text, quote=False)
    return f"<span {' '.join(looks)}>{text}</span>" if looks else text


def _lowest(look: TextStyle) -> Color:
    for named in (look.background, look.shadow_color, look.outline_color if look.outline_width else None):
        if named is not None:
            return parse(named)
    return parse(look.color)


def _rgb(color: Color) -> list[int]:
    return [color.red, color.green, color.blue]


def _times(alpha: pyvips.Image, opacity: float) -> pyvips.Image:
    return alpha if opacity == 1 else (alpha * opacity).rint().cast("uchar")


def _scaled(width: int | None, scale: float) -> int | None:
    return None if width is None else max(1, round(width / scale))


def _dilated(covered: pyvips.Image, radius: int) -> pyvips.Image:
    """As `text_image` has it, in whole numbers: sums that are more than all are all."""
    steps = ceil(radius / text_image.DILATE_PX)
    reach = ceil(radius / steps)
    span = range(-reach, reach + 1)
    disc = [[round(255 * min(1.0, max(0.0, radius / steps + 0.5 - hypot(x, y)))) for x in span] for y in span]
    mask = pyvips.Image.new_from_array(disc, scale=255)
    for _ in range(steps):
        covered = covered.conv(mask, precision="integer").cast("uchar").copy_memory()
    return covered

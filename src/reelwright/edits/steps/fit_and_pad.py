"""The steps `fit` and `pad`: the whole picture on another canvas, or the canvas filled with it. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from reelwright.edits import color
from reelwright.edits.aspect import Aspect, AspectText, aspect
from reelwright.edits.geometry import Size, even
from reelwright.edits.layers import ColorText, Side
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.crop import inside
from reelwright.edits.steps.state import VideoState
from reelwright.edits.validation import Check
from reelwright.errors import FieldError, InvalidInput

MAX_SIDE_PX = 8192
FILLINGS = ("blur", "crop", "stretch")


def filling(text: str) -> None:
    """Raises ValueError with a sentence for the client."""
    if text not in FILLINGS:
        try:
            color.parse(text)
        except ValueError as error:
            raise ValueError(f"is {', '.join(FILLINGS)} or a colour; {error}") from error


FillText = Annotated[str, Check(filling), Meta(max_length=64, description="A colour, or `blur`, `crop`, `stretch`.")]


class FitStep(BaseStep, frozen=True, kw_only=True, tag="fit"):
    """Bring the picture to a size, or to an `aspect` (its shorter side is then as long as the picture's). What of the
    canvas the picture leaves free is a colour, or itself, large and blurred (`blur`); `crop`: it leaves nothing free,
    its overlapping sides are cut off; `stretch`: it is distorted."""

    width: Side | None = None
    height: Side | None = None
    aspect: AspectText | None = None
    fill: FillText = "black"

    def planned(self, state: VideoState, planning: Planning) -> PlannedFit:
        """Raises InvalidInput that names every wrong field."""
        width, height = canvas = self._canvas(state.canvas, planning)
        if max(canvas) > MAX_SIDE_PX:
            raise InvalidInput([FieldError(planning.pointer / "width", _too_large(canvas))])
        whole, fill = state.canvas, self.fill
        if fill == "stretch":
            return PlannedFit(width=width, height=height, inner=canvas, x=0, y=0)
        if fill == "crop":
            part = inside(whole, Fraction(width, height))
            corner = ((whole[0] - part[0]) // 4 * 2, (whole[1] - part[1]) // 4 * 2)
            return PlannedFit(width=width, height=height, inner=canvas, x=0, y=0, part=(*corner, *part))
        scale = min(Fraction(width, whole[0]), Fraction(height, whole[1]))
        inner = even((_nearest(whole[0] * scale, width), _nearest(whole[1] * scale, height)))
        return PlannedFit(
            width=width,
            height=height,
            inner=inner,
            x=(width - inner[0]) // 4 * 2,
            y=(height - inner[1]) // 4 * 2,
            blurred=fill == "blur",
            color=None if fill == "blur" else color.parse(fill).hex,
        )

    def _canvas(self, picture: Size, planning: Planning) -> Size:
        if self.aspect is not None:
            if self.width is not None and self.height is not None:
                raise InvalidInput([FieldError(planning.pointer / "aspect", "is said by width and height already")])
            return of_aspect(picture, aspect(self.aspect), self.width, self.height)
        if self.width is None and self.height is None:
            raise InvalidInput([FieldError(planning.pointer / "width", "is required, or a height, or an aspect")])
        return of_aspect(picture, Fraction(*picture), self.width, self.height)


def _too_large(size: Size) -> str:
    return f"would make it {size[0]}x{size[1]}: {MAX_SIDE_PX} pixels a side are the most"


def of_aspect(picture: Size, ratio: Aspect, width: int | None, height: int | None) -> Size:
    """A canvas of an aspect: as wide or as high as is said; else its shorter side is as long as the picture's."""
    if width is None and height is None:
        shorter = min(picture)
        width, height = (shorter, None) if ratio <= 1 else (None, shorter)
    if width is None:
        assert height is not None
        width = _nearest(height * ratio, None)
    if height is None:
        height = _nearest(width / ratio, None)
    return even((width, height))


def _nearest(side: Fraction, most: int | None) -> int:
    """The nearest even number."""
    found = max(2, 2 * round(side / 2))
    return found if most is None else min(found, most)


class PadStep(BaseStep, frozen=True, kw_only=True, tag="pad"):
    """Put borders round the picture, in pixels."""

    left: Annotated[int, Meta(ge=0, le=MAX_SIDE_PX)] = 0
    right: Annotated[int, Meta(ge=0, le=MAX_SIDE_PX)] = 0
    top: Annotated[int, Meta(ge=0, le=MAX_SIDE_PX)] = 0
    bottom: Annotated[int, Meta(ge=0, le=MAX_SIDE_PX)] = 0
    color: ColorText = "black"

    def planned(self, state: VideoState, planning: Planning) -> PlannedFit:
        """Raises InvalidInput."""
        left, right, top, bottom = (2 * round(side / 2) for side in (self.left, self.right, self.top, self.bottom))
        width, height = state.canvas[0] + left + right, state.canvas[1] + top + bottom
        if max(width, height) > MAX_SIDE_PX:
            raise InvalidInput([FieldError(planning.pointer.path, _too_large((width, height)))])
        filled = color.parse(self.color).hex
        return PlannedFit(width=width, height=height, inner=state.canvas, x=left, y=top, color=filled)


class PlannedFit(BasePlannedStep, frozen=True, kw_only=True, tag="fit"):
    """The picture, or a `part` of it (x, y, width, height), scaled to `inner` and laid at (`x`, `y`) of a canvas that
    is a `color` ("#rrggbb"), or the picture itself, `blurred`."""

    width: int
    height: int
    inner: tuple[int, int]
    x: int
    y: int
    part: tuple[int, int, int, int] | None = None
    blurred: bool = False
    color: str | None = None

    def after(self, state: VideoState) -> VideoState:
        return state.of_size((self.width, self.height))

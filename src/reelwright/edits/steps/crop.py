"""The step `crop`: a part of the picture. Pure."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.aspect import Aspect, AspectText, aspect
from reelwright.edits.geometry import Size, even
from reelwright.edits.layers import Place, Side
from reelwright.edits.placement import OVERLAY, Anchored, AnchorName, anchored, position
from reelwright.edits.steps.base import BasePlannedStep, BaseStep, Planning
from reelwright.edits.steps.state import VideoState
from reelwright.errors import FieldError, InvalidInput


class CropStep(BaseStep, frozen=True, kw_only=True, tag="crop"):
    """Keep a part of the picture: `width` and `height` in pixels, or the largest part of an `aspect`; at `x` and `y`,
    or where `position` says. Sides and corner are even."""

    width: Side | None = None
    height: Side | None = None
    aspect: AspectText | None = None
    x: Place | None = None
    y: Place | None = None
    position: Anchored | AnchorName = "center"

    def planned(self, state: VideoState, planning: Planning) -> PlannedCrop:
        """Raises InvalidInput that names every wrong field."""
        width, height = size = self._size(state.canvas, planning)
        errors = [
            FieldError(planning.pointer / name, f"is more than the picture has ({most})")
            for name, side, most in (("width", width, state.canvas[0]), ("height", height, state.canvas[1]))
            if side > most
        ]
        if errors:
            raise InvalidInput(errors)
        corner = [0, 0]
        for axis, (name, place) in enumerate((("x", self.x), ("y", self.y))):
            try:
                corner[axis] = self._corner(axis, place, state.canvas, size)
            except ValueError as error:
                errors.append(FieldError(planning.pointer / ("position" if place is None else name), str(error)))
        if errors:
            raise InvalidInput(list(dict.fromkeys(errors)))
        return PlannedCrop(x=corner[0] - corner[0] % 2, y=corner[1] - corner[1] % 2, width=width, height=height)

    def _corner(self, axis: int, place: Place | None, canvas: Size, size: Size) -> int:
        """Raises ValueError with a sentence for the client."""
        if place is None:
            found = anchored(self.position).position(canvas, size)[axis]
        else:
            found = position(place, place, OVERLAY, picture=canvas, overlay=size)[axis]
        if not 0 <= found <= canvas[axis] - size[axis]:
            part, whole = f"{size[0]}x{size[1]}", f"{canvas[0]}x{canvas[1]}"
            raise ValueError(f"puts {'xy'[axis]} at {found}: a part of {part} there leaves the picture ({whole})")
        return found

    def _size(self, canvas: Size, planning: Planning) -> Size:
        if self.aspect is None:
            if self.width is None and self.height is None:
                raise InvalidInput([FieldError(planning.pointer / "width", "is required, or an aspect")])
            return even((self.width or canvas[0], self.height or canvas[1]))
        if self.width is not None or self.height is not None:
            raise InvalidInput(
                [FieldError(planning.pointer / "aspect", "is one way to say it, width and height another")]
            )
        return inside(canvas, aspect(self.aspect))


def inside(canvas: Size, ratio: Aspect) -> Size:
    """The largest part of a picture that has an aspect."""
    width = min(Fraction(canvas[0]), canvas[1] * ratio)
    return even((int(width), int(width / ratio)))


class PlannedCrop(BasePlannedStep, frozen=True, kw_only=True, tag="crop"):
    x: int
    y: int
    width: int
    height: int

    def after(self, state: VideoState) -> VideoState:
        return state.of_size((self.width, self.height))

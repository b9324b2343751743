"""Sizes of pictures in pixels: scaled with the aspect kept, and with even sides, as 4:2:0 pictures have them. Pure."""

from __future__ import annotations

from fractions import Fraction

Size = tuple[int, int]
"""Width and height."""


def even(size: Size) -> Size:
    """At most a row and a column less; sides are 2 at least."""
    width, height = size
    return max(2, width - width % 2), max(2, height - height % 2)


def scaled(size: Size, scale: Fraction, *, step: int = 2) -> Size:
    """Each side the nearest multiple of `step`, which it is at least."""
    width, height = (max(step, step * round(side * scale / step)) for side in size)
    return width, height

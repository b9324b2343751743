"""Where cues lie on a canvas: as they say, as the style says, and none upon another that is still there. Pure.

A cue that is on the screen stays where it is; one that comes meanwhile goes beside it (WebVTT, 7.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor
from typing import NamedTuple

from reelwright.edits.cues.cue import Align, Cue, Edge
from reelwright.edits.cues.style import PixelStyle
from reelwright.edits.text_rules import is_right_to_left

LINE_HEIGHT = 1.36
"""Of the font size: Noto Sans', by which numbered lines are counted."""


class Box(NamedTuple):
    """`left` <= x < `right` and `top` <= y < `bottom`, in pixels of the canvas."""

    left: int
    top: int
    right: int
    bottom: int

    def meets(self, other: Box) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def at(self, top: int) -> Box:
        return self._replace(top=top, bottom=top + self.bottom - self.top)


def alignment(cue: Cue, style: PixelStyle) -> Align:
    """Of its lines, and of the cue itself: left, center or right."""
    wanted = cue.place.align or style.text.align
    if wanted in ("start", "end"):
        return "right" if is_right_to_left(cue.text) == (wanted == "start") else "left"
    return wanted


def widest(cue: Cue, style: PixelStyle) -> int:
    """Where the cue's lines are broken."""
    room = style.text.max_width or style.width
    share, where = cue.place.size_percent, cue.place.position_percent
    if share is not None:
        room = min(room, floor(style.width * share / 100))
    if where is not None:
        beside = {"start": 100 - where, "end": where, "center": 2 * min(where, 100 - where)}[_edge(cue, style)]
        room = min(room, floor(style.width * beside / 100) - style.margin)
    return max(room, style.text.font_size * 2)


def placed(cue: Cue, size: tuple[int, int], style: PixelStyle, taken: Sequence[Box]) -> Box:
    """The cue's box, of that size, beside those that are taken as far as there is room."""
    width, height = size
    left = _left(cue, width, style)
    top, downwards = _top(cue, height, style)
    box = Box(left, top, left + width, top + height)
    for down in (downwards, not downwards):
        free = _beside(box, taken, down=down)
        if style.margin <= free.top and free.bottom <= style.height - style.margin:
            return free
    return box


def bounds(boxes: Iterable[Box], style: PixelStyle) -> Box | None:
    """What holds all of them, as far as it is on the canvas; its borders are even, as halved colours want it. None
    where nothing is."""
    found = [box for box in boxes if box.meets(Box(0, 0, style.width, style.height))]
    if not found:
        return None
    left, top = (max(0, min(values)) // 2 * 2 for values in (map(_first, found), map(_second, found)))
    right, bottom = max(box.right for box in found), max(box.bottom for box in found)
    return Box(left, top, min(_even(right), style.width), min(_even(bottom), style.height))


def _first(box: Box) -> int:
    return box.left


def _second(box: Box) -> int:
    return box.top


def _even(value: int) -> int:
    return value + value % 2


def _edge(cue: Cue, style: PixelStyle) -> Edge:
    """Which part of the cue its position is about."""
    if cue.place.position_align is not None:
        return cue.place.position_align
    return {"left": "start", "right": "end"}.get(alignment(cue, style), "center")  # type: ignore[return-value]


def _left(cue: Cue, width: int, style: PixelStyle) -> int:
    edge = _edge(cue, style)
    where = cue.place.position_percent
    if where is None:
        where = {"left": 0.0, "right": 100.0}.get(alignment(cue, style), 50.0)
    left = style.width * where / 100 - width * {"start": 0.0, "center": 0.5, "end": 1.0}[edge]
    return _kept(floor(left + 0.5), width, style.width, style.margin)


def _top(cue: Cue, height: int, style: PixelStyle) -> tuple[int, bool]:
    """The upper side, and whether what is in the way is passed downwards."""
    place = cue.place
    shift = {"start": 0.0, "center": 0.5, "end": 1.0}[place.line_align] * height
    if place.line_percent is not None:
        top = floor(style.height * place.line_percent / 100 - shift + 0.5)
        return _kept(top, height, style.height, style.margin), place.line_percent < 50
    if place.line is not None:
        lines = floor(style.text.font_size * LINE_HEIGHT)
        top = style.margin + place.line * lines
        if place.line < 0:
            top = style.height - style.margin + (place.line + 1) * lines - height
        return _kept(top, height, style.height, style.margin), place.line >= 0
    free = style.height - height
    top = {"top": style.margin, "middle": free // 2, "bottom": free - style.margin}[style.position]
    return _kept(top, height, style.height, style.margin), style.position == "top"


def _kept(at: int, length: int, whole: int, margin: int) -> int:
    """Within the margins; what is too long for that begins as far in as it can."""
    if length > whole - 2 * margin:
        return max(0, (whole - length) // 2)
    return min(max(at, margin), whole - margin - length)


def _beside(box: Box, taken: Sequence[Box], *, down: bool) -> Box:
    """The nearest place above or below where nothing is."""
    for other in sorted(taken, key=lambda one: one.top if down else -one.bottom):
        if box.meets(other):
            box = box.at(other.bottom if down else other.top - (box.bottom - box.top))
    return box

"""Frames as a few points of their brightness: where they are black, stand still, or seem to be out of order. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from operator import sub

from reelwright.media.checks.inspection import Stretch, StretchKind

Points = Sequence[int]
"""Brightness, 0 to 255, at the points of GRID."""

BLACK, BLACK_SHARE = 34, 0.98
"""A point of at most this brightness is black; so is a frame with such a share of black points."""
ALIKE = 0.4
"""Mean difference of the points of two frames that show the same, at most: what coding alone changes is less."""
MOVING = 1.0
"""Mean difference of two frames between which something moves, at least."""
MIN_BLACK_S, MIN_STILL_S, MIN_SILENT_S = 0.3, 0.4, 0.3
REORDERED = 0.9
"""Two frames are out of order where the way through them and their neighbours is so much shorter with both swapped."""
REPEATED = 0.4
"""A frame is one that was there before where so much less has changed as before and after it."""
MAX_KEPT = 24
"""Stretches of a kind that are kept: the longest."""


def difference(one: Points, other: Points) -> float:
    """Return the mean difference of two frames."""
    total: int = sum(map(abs, map(sub, one, other)))
    return total / len(one)


def is_black(points: Points) -> bool:
    return sum(point <= BLACK for point in points) >= BLACK_SHARE * len(points)


class Longest:
    """The longest stretches of one kind."""

    def __init__(self, kind: StretchKind, min_s: float, track: int = 0) -> None:
        self._kind: StretchKind = kind
        self._min_s = min_s
        self._track = track
        self._begun: float | None = None
        self._kept: list[Stretch] = []

    def feed(self, begin_s: float, end_s: float, *, is_in: bool) -> None:
        """Tell of the next piece whether it belongs to a stretch."""
        if is_in and self._begun is None:
            self._begun = begin_s
        elif not is_in:
            self.close(begin_s)
        self._end_s = end_s

    def close(self, end_s: float | None = None) -> None:
        """End the stretch that goes on: nothing more is known of what follows."""
        if self._begun is not None:
            self.keep(self._begun, self._end_s if end_s is None else end_s)
        self._begun = None

    def keep(self, start_s: float, end_s: float) -> None:
        if end_s - start_s < self._min_s:
            return
        stretch = Stretch(kind=self._kind, start_s=round(start_s, 3), end_s=round(end_s, 3), track=self._track)
        self._kept.append(stretch)
        self._kept.sort(key=lambda one: one.start_s - one.end_s)
        del self._kept[MAX_KEPT:]

    def found(self) -> list[Stretch]:
        self.close()
        return list(self._kept)


class FrameWatch:
    """Told of frames in the order in which they are shown."""

    def __init__(self) -> None:
        self._black = Longest("black", MIN_BLACK_S)
        self._still = Longest("still", MIN_STILL_S)
        self._order = Longest("order", 0.0)
        self._stands: tuple[float, Points] | None = None
        """Since when nothing has changed, and what is seen since."""
        self._last: deque[tuple[float, Points]] = deque(maxlen=4)
        self._end_s = 0.0

    def see(self, time_s: float, end_s: float, points: Points) -> None:
        """Take in the frame that is shown from `time_s` to `end_s`."""
        self._black.feed(time_s, end_s, is_in=is_black(points))
        if self._stands is None or difference(self._stands[1], points) > ALIKE:
            self._rest(time_s)
            self._stands = time_s, points
        self._end_s = end_s
        self._last.append((time_s, points))
        if len(self._last) == 4 and _seems_odd([points for _, points in self._last]):
            self._order.keep(self._last[0][0], time_s)

    def interrupt(self) -> None:
        """Hear that frames are left out here."""
        self._black.close()
        self._rest(self._end_s)
        self._last.clear()

    def _rest(self, end_s: float) -> None:
        if self._stands is not None:
            self._still.keep(self._stands[0], end_s)
        self._stands = None

    def found(self) -> Iterable[Stretch]:
        self.interrupt()
        return [*self._black.found(), *self._still.found(), *self._order.found()]


def _seems_odd(frames: Sequence[Points]) -> bool:
    """Whether the two in the middle seem swapped, or the third to be the second once more while all else moves."""
    a, b, c, d = frames
    ab, bc, cd = difference(a, b), difference(b, c), difference(c, d)
    if bc < REPEATED * min(ab, cd):
        return min(ab, cd) > MOVING
    return bc > MOVING and difference(a, c) + bc + difference(b, d) < REORDERED * (ab + bc + cd)

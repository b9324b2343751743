"""Frames as a few points of their brightness: do they seem to be out of order, swapped or there twice? Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter, sub
from typing import Literal

Points = bytes
"""Brightness, 0 to 255, at the points of GRID."""
Levels = Sequence[float]
"""The same of a frame that was scaled down to GRID, or of what is compared with one."""

MOVING = 1.0
"""Mean difference of two frames between which something moves, at least."""
REORDERED = 0.9
"""Two frames are out of order where the way through them and their neighbours is so much shorter with both swapped."""
STANDS_OUT = 0.85
"""And so much shorter beside what is usual there: of noise, each frame is as unlike the next one as any other."""
REMEMBERED = 0.95
"""Of what was usual, what counts as much as the next frame does not."""
REPEATED = 0.4
"""A frame is one that was there before where so much less has changed as before and after it."""
MAX_ODD = 2
"""Places at which frames seem swapped, and as many at which one seems repeated, that are kept: the oddest."""


def difference(one: Levels, other: Levels) -> float:
    """Return the mean difference of two frames."""
    total: float = sum(map(abs, map(sub, one, other)))
    return total / len(one)


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame that is shown from `start_s` on. `levels` looks at it more closely: as long as it is in reach."""

    start_s: float
    points: Points
    levels: Callable[[], Levels]


@dataclass(frozen=True, slots=True)
class OddPlace:
    """Frames that seem to be out of order: the less `ratio`, the more so."""

    way: Literal["swapped", "repeated"]
    ratio: float
    frames: tuple[tuple[float, Levels], ...]
    """From when on each is shown, and how it looks."""

    @property
    def start_s(self) -> float:
        return self.frames[0][0]

    @property
    def end_s(self) -> float:
        return self.frames[-1][0]


class OrderWatch:
    """Looks at each four frames that follow each other: are the two in the middle swapped, or one there twice?"""

    def __init__(self) -> None:
        self.places: list[OddPlace] = []
        self._last: deque[tuple[Shown, float, float]] = deque(maxlen=4)
        """With how far each is from the one before it, and from the one before that."""
        self._usual = 1.0 / STANDS_OUT

    def see(self, frame: Shown) -> None:
        before = [one.points for one, _, _ in self._last][-2:]
        one, two = (difference(points, frame.points) for points in reversed(before)) if len(before) == 2 else (0.0, 0.0)
        if len(before) == 1:
            one = difference(before[0], frame.points)
        self._last.append((frame, one, two))
        if len(self._last) == 4:
            self._look()

    def interrupt(self) -> None:
        self._last.clear()

    def _look(self) -> None:
        _, (_, ab, _), (_, bc, ac), (_, cd, bd) = self._last
        if min(ab, cd) > MOVING and bc < REPEATED * min(ab, cd):
            self._keep("repeated", bc / min(ab, cd))
        elif bc > MOVING:
            ratio = (ac + bc + bd) / (ab + bc + cd)
            if ratio < min(REORDERED, STANDS_OUT * self._usual):
                self._keep("swapped", ratio)
            self._usual = REMEMBERED * self._usual + (1 - REMEMBERED) * ratio

    def _keep(self, way: Literal["swapped", "repeated"], ratio: float) -> None:
        """Keep a place, if it is one of the oddest; of those that overlap, one."""
        start_s = self._last[0][0].start_s
        others = [place for place in self.places if place.way != way or place.end_s <= start_s]
        alike = sorted((place for place in self.places if place.way == way), key=attrgetter("ratio"))
        odder = [place for place in alike if place.ratio <= ratio]
        if len(odder) == MAX_ODD or any(place not in others for place in odder):
            return
        frames = tuple((frame.start_s, frame.levels()) for frame, _, _ in self._last)
        kept = [*(place for place in alike if place in others), OddPlace(way, ratio, frames)]
        kept = sorted(kept, key=attrgetter("ratio"))[:MAX_ODD]
        self.places = [*(place for place in others if place.way != way), *kept]

"""Frames as a few points of their brightness: where they are black, stand still, or seem to be out of order. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter, sub
from typing import Literal

from reelwright.media.checks.inspection import Stretch, StretchKind

Points = bytes
"""Brightness, 0 to 255, at the points of GRID."""
Levels = Sequence[float]
"""The same of a frame that was scaled down to GRID, or of what is compared with one."""

BLACK, BLACK_SHARE = 34, 0.98
"""A point of at most this brightness is black; so is a frame with such a share of black points."""
ALIKE = 0.4
"""Mean difference of the points of two frames that show the same, at most: what coding alone changes is less."""
MOVING = 1.0
"""Mean difference of two frames between which something moves, at least."""
MIN_BLACK_S, MIN_STILL_S, MIN_SILENT_S = 0.3, 0.4, 0.3
REORDERED = 0.9
"""Two frames are out of order where the way through them and their neighbours is so much shorter with both swapped."""
STANDS_OUT = 0.85
"""And so much shorter beside what is usual there: of noise, each frame is as unlike the next one as any other."""
REMEMBERED = 0.95
"""Of what was usual, what counts as much as the next frame does not."""
REPEATED = 0.4
"""A frame is one that was there before where so much less has changed as before and after it."""
MAX_KEPT = 24
"""Stretches of a kind that are kept: the longest."""
MAX_ODD = 2
"""Places at which frames seem swapped, and as many at which one seems repeated, that are kept: the oddest."""
_DARK = bytes(range(BLACK + 1))


def difference(one: Levels, other: Levels) -> float:
    """Return the mean difference of two frames."""
    total: float = sum(map(abs, map(sub, one, other)))
    return total / len(one)


def is_black(points: Points) -> bool:
    return len(points.translate(None, _DARK)) <= (1 - BLACK_SHARE) * len(points)


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


class FrameWatch:
    """Told of frames in the order in which they are shown."""

    def __init__(self) -> None:
        self.order = OrderWatch()
        self._black = Longest("black", MIN_BLACK_S)
        self._still = Longest("still", MIN_STILL_S)
        self._stands: tuple[float, Points] | None = None
        """Since when nothing has changed, and what is seen since."""
        self._end_s = 0.0

    def see(self, frame: Shown, end_s: float) -> None:
        """Take in the frame that is shown until `end_s`."""
        self._black.feed(frame.start_s, end_s, is_in=is_black(frame.points))
        if self._stands is None or difference(self._stands[1], frame.points) > ALIKE:
            self._rest(frame.start_s)
            self._stands = frame.start_s, frame.points
        self._end_s = end_s
        self.order.see(frame)

    def interrupt(self) -> None:
        """Hear that frames are left out here."""
        self._black.close()
        self._rest(self._end_s)
        self.order.interrupt()

    def _rest(self, end_s: float) -> None:
        if self._stands is not None:
            self._still.keep(self._stands[0], end_s)
        self._stands = None

    def found(self) -> Iterable[Stretch]:
        self.interrupt()
        odd = [
            Stretch(kind="order", start_s=round(place.start_s, 3), end_s=round(place.end_s, 3))
            for place in self.order.places
        ]
        return [*self._black.found(), *self._still.found(), *odd]

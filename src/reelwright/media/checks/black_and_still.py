"""Frames as a few points of their brightness: where they are black, and where they stand still. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from reelwright.media.checks.frame_order import OrderWatch, Points, Shown, difference
from reelwright.media.checks.inspection import Stretch, StretchKind

BLACK, BLACK_SHARE = 34, 0.98
"""A point of at most this brightness is black; so is a frame with such a share of black points."""
ALIKE = 0.4
"""Mean difference of the points of two frames that show the same, at most: what coding alone changes is less."""
MIN_BLACK_S, MIN_STILL_S = 0.3, 0.4
MAX_KEPT = 24
"""Stretches of a kind that are kept: the longest."""
_DARK = bytes(range(BLACK + 1))


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

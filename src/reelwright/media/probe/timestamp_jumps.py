"""The clock of a file whose timestamps jump, as ffmpeg sets it right when it renders (`ts_discontinuity_detect`)."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from typing import Any

JUMPS = 0x200
"""AVFMT_TS_DISCONT: formats whose clock may start anew (transport and programme streams, Ogg)."""
RESTART_US = 1_000_000
"""How far the clock of any other format goes back where a second recording begins."""
FORWARD_US, BACKWARD_US = 10_000_000, 100_000
"""What ffmpeg takes for a jump by default (`-dts_delta_threshold`), microseconds."""
MISMATCH_US = 500_000
"""By so much the jumps of a stream may differ from those of all streams together."""


def jump(decoded_us: int, last_us: int, due_us: int) -> int:
    """By how much a packet's time is beside the clock, if it is more than ffmpeg lets pass; else 0."""
    is_jump = abs(decoded_us - due_us) > FORWARD_US or decoded_us + BACKWARD_US < last_us
    return decoded_us - due_us if is_jump else 0


class Clock:
    """Told of every packet that is read, in order; says how far its timestamps have to be moved."""

    def __init__(self, container: Any) -> None:
        self._closes_jumps = bool(int(container.format.flags) & JUMPS)
        self._offset_us = 0
        self._latest_us: int | None = None
        self._tick_us: dict[int, Fraction] = {}
        self._due_us: dict[int, tuple[int, int]] = {}
        """By stream: when its last packet was decoded, and when the next one is due."""
        self._last: dict[int, int] = {}
        self._ahead: set[int] = set()
        """Streams whose last packet was far ahead of the one before it."""
        self.restarted: set[int] = set()
        """Streams whose clock, which ffmpeg does not set right, starts anew."""
        self._stated_us: dict[int, tuple[int, int]] = {}
        """The same as the file states it."""
        self._alone_us: Counter[int] = Counter()
        """By stream: how far its times would be moved if there were no other stream."""

    @property
    def jumped(self) -> bool:
        return self._offset_us != 0

    def is_set_right(self, stream: int) -> bool:
        """Whether the stream's times have no hole and no fold when ffmpeg has closed all jumps.

        It moves all streams by the sum of what it sees in any of them. Where the last packets of one recording come
        behind the first ones of the next, it sees one jump twice: the output would stand still for as long as a whole
        recording lasts.
        """
        if stream in self.restarted:
            return False
        return stream not in self._due_us or abs(self._alone_us[stream] - self._offset_us) < MISMATCH_US

    def shift(self, packet: Any) -> int:
        """Ticks of the packet's stream to add to its times."""
        stream = packet.stream.index
        if (tick_us := self._tick_us.get(stream)) is None:
            tick_us = self._tick_us[stream] = Fraction(packet.time_base) * 1_000_000
        if packet.dts is not None:
            if self._closes_jumps:
                self._follow(stream, round(packet.dts * tick_us), round((packet.duration or 0) * tick_us))
            else:
                self._watch(stream, packet.dts, math.ceil(RESTART_US / tick_us))
        return round(self._offset_us / tick_us) if self._offset_us else 0

    def _watch(self, stream: int, decoded: int, limit: int) -> None:
        """A single time that is far ahead is an error in the file: to go back from it is no new start."""
        last = self._last.get(stream, decoded)
        if decoded < last - limit and stream not in self._ahead:
            self.restarted.add(stream)
        if decoded > last + limit:
            self._ahead.add(stream)
        else:
            self._ahead.discard(stream)
        self._last[stream] = decoded

    def _follow(self, stream: int, stated_us: int, duration_us: int) -> None:
        decoded_us = stated_us + self._offset_us
        jump_us = 0
        if stream in self._due_us:
            self._alone_us[stream] -= jump(stated_us, *self._stated_us[stream])
            jump_us = jump(decoded_us, *self._due_us[stream])
        elif self._latest_us is not None and abs(decoded_us - self._latest_us) > FORWARD_US:
            jump_us = decoded_us - self._latest_us
        self._offset_us -= jump_us
        decoded_us -= jump_us
        self._latest_us = decoded_us
        self._due_us[stream] = (decoded_us, decoded_us + duration_us)
        self._stated_us[stream] = (stated_us, stated_us + duration_us)

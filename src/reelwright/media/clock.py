"""The clock of a file whose timestamps jump, as ffmpeg sets it right when it renders (`ts_discontinuity_detect`)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

JUMPS = 0x200
"""AVFMT_TS_DISCONT: formats whose clock may start anew (transport and programme streams, Ogg)."""
FORWARD_US, BACKWARD_US = 10_000_000, 100_000
"""What ffmpeg takes for a jump by default (`-dts_delta_threshold`), microseconds."""


class Clock:
    """Told of every packet that is read, in order; says how far its timestamps have to be moved."""

    def __init__(self, container: Any) -> None:
        self._closes_jumps = bool(int(container.format.flags) & JUMPS)
        self._offset_us = 0
        self._latest_us: int | None = None
        self._due_us: dict[int, tuple[int, int]] = {}
        """By stream: when its last packet was decoded, and when the next one is due."""

    @property
    def jumped(self) -> bool:
        return self._offset_us != 0

    def shift(self, packet: Any) -> int:
        """Ticks of the packet's stream to add to its times."""
        if not self._closes_jumps:
            return 0
        tick_us = Fraction(packet.time_base) * 1_000_000
        if packet.dts is not None:
            self._follow(packet.stream.index, round(packet.dts * tick_us), round((packet.duration or 0) * tick_us))
        return round(self._offset_us / tick_us)

    def _follow(self, stream: int, stated_us: int, duration_us: int) -> None:
        decoded_us = stated_us + self._offset_us
        before = self._due_us.get(stream)
        jump_us = 0
        if before is not None:
            last_us, due_us = before
            if abs(decoded_us - due_us) > FORWARD_US or decoded_us + BACKWARD_US < last_us:
                jump_us = decoded_us - due_us
        elif self._latest_us is not None and abs(decoded_us - self._latest_us) > FORWARD_US:
            jump_us = decoded_us - self._latest_us
        self._offset_us -= jump_us
        decoded_us -= jump_us
        self._latest_us = decoded_us
        self._due_us[stream] = (decoded_us, decoded_us + duration_us)

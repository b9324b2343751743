"""A source's own sound, as it goes along with a cut. Runs only in the splicer's children; objects of PyAV are untyped
here."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from reelwright.media.splicing.bits import NotJoined

PREROLL_S = Fraction(1, 10)
"""What decoders of sound are given before the first sample that is heard, where one packet is too little."""
ONE_PACKET = frozenset({"aac", "ac3", "eac3", "flac", "alac"})
"""Codecs whose decoders need the packet before, or none."""


class OwnTrack:
    """One of the source's tracks of sound; its packets move to the time of what is made. All in its own ticks."""

    def __init__(self, stream: Any, made: Any, origin: Fraction, length: Fraction) -> None:
        tick = Fraction(stream.time_base)
        self.tick_s = float(tick)
        self.made = made
        self._shift = round(origin / tick)
        self._begin, self._end = math.floor(origin / tick), math.ceil((origin + length) / tick)
        self._roll = 0 if stream.codec_context.name in ONE_PACKET else math.ceil(PREROLL_S / tick)
        self._waiting: deque[Any] = deque(maxlen=64)
        """Packets before the first that is heard."""

    def goes_on(self, packet: Any) -> bool:
        """Raises NotJoined."""
        if packet.pts is None:
            raise NotJoined("it is not said when its sound is heard")
        begins: int = packet.pts
        return begins < self._end

    def heard(self, packet: Any) -> Iterator[Any]:
        """Those that go along, now that this one has come."""
        lasts = packet.duration or 0
        ends = packet.pts + lasts
        packet.pts -= self._shift
        packet.dts = packet.pts
        waiting = self._waiting
        if ends <= self._begin:
            waiting.append(packet)
            roll = max(lasts, self._roll)
            while waiting and waiting[0].pts + (waiting[0].duration or 0) <= -roll:
                waiting.popleft()
            return
        yield from waiting
        waiting.clear()
        yield packet

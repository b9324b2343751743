"""Sound that is copied: a source's own, as it goes along with a cut. Runs only in the splicer's children; objects of
PyAV are untyped here."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from reelwright.media.splicing.bits import NotJoined
from reelwright.media.splicing.packet_digests import sample_bytes

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


class OwnSamples:
    """One of the source's tracks of plain samples (PCM), cut to the very sample at both ends. In samples, but for what
    is read."""

    def __init__(self, stream: Any, made: Any, origin: Fraction, length: Fraction) -> None:
        self.made = made
        self._tick = Fraction(stream.time_base)
        self._rate: int = stream.codec_context.sample_rate
        self.tick_s = 1 / self._rate
        self._size = sample_bytes(stream)
        self._begin, self._end = (round(at * self._rate) for at in (origin, origin + length))
        self._rounded = math.ceil(self._tick * self._rate) + 1
        """By so much its times may be off, as they are told."""
        self._at: int | None = None

    def goes_on(self, packet: Any) -> bool:
        """Raises NotJoined."""
        if packet.pts is None:
            raise NotJoined("it is not said when its sound is heard")
        begins: int = math.floor(packet.pts * self._tick * self._rate)
        return bool(begins < self._end)

    def heard(self, packet: Any) -> Iterator[Any]:
        """What goes along of this one."""
        told = round(packet.pts * self._tick * self._rate)
        at = told if self._at is None else self._at
        if abs(told - at) > self._rounded:
            raise NotJoined("its sound has gaps")
        count = packet.size // self._size
        self._at = at + count
        first, last = max(self._begin - at, 0), min(self._end - at, count)
        if first >= last:
            return
        data = packet if last - first == count else bytes(packet)[first * self._size : last * self._size]
        one = av.Packet(bytes(data))
        one.pts = one.dts = at + first - self._begin
        one.duration, one.time_base, one.is_keyframe = last - first, Fraction(1, self._rate), True
        yield one

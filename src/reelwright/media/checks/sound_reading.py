"""A track of sound of an open media file -> AudioFindings. Runs only in the inspector's children; objects of PyAV are
untyped here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from av.error import FFmpegError

from reelwright.media.checks.black_and_still import Longest
from reelwright.media.checks.inspection import AudioFindings

SILENCE, FULL_SCALE = 0.001, 0.999
"""-60 dB; what is louder than the second cannot be told from what was cut off there."""
MIN_SILENT_S = 0.3
EVERY_SAMPLE = 4
"""So many-th samples are looked at, where they lie in turns about so many-th: neither silence nor a cut-off peak is
shorter than that."""
END_PACKETS = 48
"""Of sound, where it is decoded at its ends alone."""
_SAMPLES: Mapping[str, tuple[Literal["f", "d", "h", "i"], float]] = {
    "flt": ("f", 1.0),
    "dbl": ("d", 1.0),
    "s16": ("h", 2.0**15),
    "s32": ("i", 2.0**31),
}
"""By the sample format: how it lies in memory, and what full scale is."""


class ReadAudio:
    """One track, decoded whole."""

    def __init__(self, stream: Any, number: int) -> None:
        self.stream = stream
        self.findings = AudioFindings()
        self.silent = Longest("silent", MIN_SILENT_S, number)
        self._next: Fraction | None = None
        self._pieces = self._clipped = 0

    def decode(self, packet: Any) -> None:
        found = self.findings
        found.packets += bool(packet.size)
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except FFmpegError:
            found.errors += 1
            if found.first_error_s is None and packet.pts is not None:
                found.first_error_s = round(float(packet.pts * packet.time_base), 3)
            return
        for frame in frames:
            self._hear(frame)

    def _hear(self, frame: Any) -> None:
        found = self.findings
        found.sample_rate, found.channels = frame.sample_rate, frame.layout.nb_channels
        found.samples += frame.samples
        tick = Fraction(1, frame.sample_rate)
        begin = frame.pts * Fraction(frame.time_base) if frame.pts is not None else self._next or Fraction(0)
        if found.start_s is None:
            found.start_s = float(begin)
        elif self._next is not None:
            found.longest_hole_s = max(found.longest_hole_s, abs(float(begin - self._next)))
        self._next = begin + frame.samples * tick
        peak = loudest(frame)
        found.peak = max(found.peak, peak)
        self._pieces += 1
        self._clipped += peak >= FULL_SCALE
        self.silent.feed(float(begin), float(self._next), is_in=peak < SILENCE)

    def end(self) -> None:
        """Hear that no packet is left."""
        self.findings.end_s = float(self._next) if self._next is not None else None
        self.findings.clipped = self._clipped / self._pieces if self._pieces else 0.0


class EndsOfAudio(ReadAudio):
    """One track, of which the first and the last packets are decoded; of all others it is known what they hold."""

    def __init__(self, stream: Any, number: int) -> None:
        super().__init__(stream, number)
        self._last: deque[Any] = deque(maxlen=END_PACKETS)
        self._passed_by = 0

    def decode(self, packet: Any) -> None:
        if self.findings.packets < END_PACKETS:
            super().decode(packet)
            return
        self._passed_by += len(self._last) == END_PACKETS
        self._last.append(packet)

    def end(self) -> None:
        if self._passed_by:
            self.silent.close()
            self._next = None
            self.stream.codec_context.flush_buffers()
        for packet in self._last:
            super().decode(packet)
        self.findings.packets += self._passed_by
        super().end()


def loudest(frame: Any) -> float:
    """The greatest of its samples, 1.0 being full scale; of those that are looked at."""
    found = 0.0
    for values, scale in samples(frame):
        if values:
            found = max(found, max(values) / scale, -min(values) / scale)
    return found


def samples(frame: Any) -> Iterator[tuple[Sequence[float], float]]:
    """The samples of each plane of a frame, those that are looked at, and what full scale is of them; none of formats
    that nobody codes."""
    kind = _SAMPLES.get(frame.format.name.removesuffix("p"))
    if kind is None:
        return
    letter, scale = kind
    in_turns = 1 if frame.format.is_planar else frame.layout.nb_channels
    step = EVERY_SAMPLE + (in_turns + 1) % 2  # else of an even number of channels it is always the same one
    for plane in frame.planes:
        memory: Any = memoryview(plane).cast("B")
        yield memory.cast(letter)[: frame.samples * in_turns : step].tolist(), scale

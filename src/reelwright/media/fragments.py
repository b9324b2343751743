"""Fragmented MP4 files that ffmpeg made for us: where the header, the index and each segment lie.

Such a file is `ftyp` and `moov` (the initialisation), `sidx` (the index: ISO/IEC 14496-12, 8.16.3), then a `moof` and
`mdat` for each segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import BinaryIO

from reelwright.media.codec_names import codec_name, inside

HEADER_LIMIT_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Segment:
    """The bytes `offset` <= n < `offset + size_bytes`, which are shown for `duration_s`."""

    offset: int
    size_bytes: int
    duration_s: Fraction


@dataclass(frozen=True, slots=True)
class Fragments:
    """A media file of one stream. The initialisation is its first `init_bytes`; the index follows."""

    name: str
    codec: str
    """RFC 6381."""
    init_bytes: int
    index_end: int
    start_s: Fraction
    segments: tuple[Segment, ...]

    @property
    def duration_s(self) -> Fraction:
        return sum((segment.duration_s for segment in self.segments), Fraction(0))

    @property
    def borders_s(self) -> tuple[Fraction, ...]:
        """Where each segment begins, and where the last one ends."""
        times = [self.start_s]
        for segment in self.segments:
            times.append(times[-1] + segment.duration_s)
        return tuple(times)

    @property
    def average_bit_rate(self) -> int:
        return ceil(8 * sum(segment.size_bytes for segment in self.segments) / self.duration_s)

    def peak_bit_rate(self, target_s: int) -> int:
        """The largest of any run of segments that lasts between half and one and a half times the target duration
        (RFC 8216, 4.3.4.2); where there is no such run, of the whole."""
        peak, segments = Fraction(0), self.segments
        shortest, longest = Fraction(target_s, 2), Fraction(target_s * 3, 2)
        for first in range(len(segments)):
            size_bytes, lasts = 0, Fraction(0)
            for segment in segments[first:]:
                size_bytes, lasts = size_bytes + segment.size_bytes, lasts + segment.duration_s
                if lasts > longest:
                    break
                if lasts >= shortest:
                    peak = max(peak, 8 * size_bytes / lasts)
        return ceil(peak) or self.average_bit_rate


def read(path: Path) -> Fragments:
    """Raises ValueError where the file is not laid out as it should be, OSError."""
    with path.open("rb") as file:
        headers = {}
        while "sidx" not in headers:
            kind, size_bytes = _box(file)
            if kind not in ("ftyp", "moov", "sidx") or size_bytes > HEADER_LIMIT_BYTES:
                raise ValueError(f"its header has a {kind!r} box of {size_bytes} bytes")
            headers[kind] = file.read(size_bytes - 8)
            if kind == "moov":
                init_bytes = file.tell()
        if "moov" not in headers:
            raise ValueError("its index comes before its header")
        index_end = file.tell()
        start_s, segments = _index(headers["sidx"], index_end)
        for segment in segments:
            file.seek(segment.offset)
            moof = _box(file)
            file.seek(segment.offset + moof[1])
            mdat = _box(file)
            if (moof[0], mdat[0], moof[1] + mdat[1]) != ("moof", "mdat", segment.size_bytes):
                raise ValueError("a segment does not lie where the index says")
        if segments[-1].offset + segments[-1].size_bytes != path.stat().st_size:
            raise ValueError("the index does not reach the end")
    description = inside(headers["moov"], "trak", "mdia", "minf", "stbl", "stsd")
    return Fragments(path.name, codec_name(description), init_bytes, index_end, start_s, segments)


def _box(file: BinaryIO) -> tuple[str, int]:
    """Type and size of the box that begins here; its content is next to be read."""
    header = file.read(8)
    if len(header) < 8:
        raise ValueError("it ends too early")
    return header[4:].decode("latin-1"), int.from_bytes(header[:4], "big")


def _index(content: bytes, index_end: int) -> tuple[Fraction, tuple[Segment, ...]]:
    """When the first segment begins, and all of them, each of which begins with a key frame."""
    wide = 8 if content[0] == 1 else 4
    timescale = int.from_bytes(content[8:12], "big")
    starts = int.from_bytes(content[12 : 12 + wide], "big")
    offset = index_end + int.from_bytes(content[12 + wide : 12 + 2 * wide], "big")
    entries = content[16 + 2 * wide :]
    segments = []
    for at in range(0, len(entries), 12):
        size_bytes, duration, access = (int.from_bytes(entries[at + n : at + n + 4], "big") for n in (0, 4, 8))
        if size_bytes >> 31 or not access >> 31 or not duration:
            raise ValueError("the index has an entry that is no segment")
        segments.append(Segment(offset, size_bytes, Fraction(duration, timescale)))
        offset += size_bytes
    if not segments:
        raise ValueError("the index is empty")
    return Fraction(starts, timescale), tuple(segments)

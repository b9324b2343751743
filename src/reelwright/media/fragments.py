"""Fragmented MP4 files that ffmpeg made for us: where the header, the index and each segment lie.

Such a file is `ftyp` and `moov` (the initialisation), `sidx` (the index: ISO/IEC 14496-12, 8.16.3), then a `moof` and
`mdat` for each segment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil
from pathlib import Path
from typing import BinaryIO

from reelwright.media.codec_names import boxes, codec_name, inside

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
    """Read the file and set its index right: ffmpeg guesses there how long segments of a variable frame rate last.

    Raises ValueError where the file is not laid out as it should be, OSError.
    """
    with path.open("r+b") as file:
        headers: dict[str, bytes] = {}
        while "sidx" not in headers:
            kind, size_bytes = _box(file)
            if kind not in ("ftyp", "moov", "sidx") or not 8 < size_bytes <= HEADER_LIMIT_BYTES:
                raise ValueError(f"its header has a {kind!r} box of {size_bytes} bytes")
            headers[kind] = file.read(size_bytes - 8)
            if kind == "moov":
                init_bytes = file.tell()
        if "moov" not in headers:
            raise ValueError("its index comes before its header")
        index_end = file.tell()
        track = Track.of(headers["moov"])
        sizes = _sizes(headers["sidx"])
        shown: list[tuple[int, int]] = []
        for size_bytes in sizes:
            begin = file.tell()
            kind, length = _box(file)
            if kind != "moof" or not 8 < length <= HEADER_LIMIT_BYTES:
                raise ValueError("a segment does not lie where the index says")
            shown.append(track.shown(file.read(length - 8)))
            if _box(file) != ("mdat", size_bytes - length):
                raise ValueError("a segment does not end where the index says")
            file.seek(begin + size_bytes)
        if file.tell() != file.seek(0, os.SEEK_END):
            raise ValueError("the index does not reach the end")
        borders = [*(start for start, _ in shown), shown[-1][1]]
        durations = [end - start for start, end in pairwise(borders)]
        if min(durations) <= 0:
            raise ValueError("a segment is shown before the one that it follows")
        file.seek(init_bytes + 8)
        file.write(_corrected(headers["sidx"], borders[0], durations))
    offsets = accumulate(sizes, initial=index_end)
    return Fragments(
        name=path.name,
        codec=track.codec,
        init_bytes=init_bytes,
        index_end=index_end,
        start_s=Fraction(borders[0], track.timescale),
        segments=tuple(
            Segment(offset, size_bytes, Fraction(duration, track.timescale))
            for offset, size_bytes, duration in zip(offsets, sizes, durations, strict=False)
        ),
    )


@dataclass(frozen=True, slots=True)
class Track:
    """What the header says of the one track. `skipped`: ticks of its media before what is shown first."""

    codec: str
    timescale: int
    skipped: int

    @classmethod
    def of(cls, moov: bytes) -> Track:
        trak = inside(moov, "trak")
        times = inside(trak, "mdia", "mdhd")
        at = 20 if times[0] == 1 else 12
        edits = inside(trak, "edts", "elst") if any(name == "edts" for name, _ in boxes(trak)) else b""
        wide = 8 if edits[:1] == b"\1" else 4
        if edits and (_number(edits, 4) != 1 or _number(edits, 8 + wide, 1) >> 7):
            raise ValueError("it does not begin at time zero")
        return cls(
            codec=codec_name(inside(trak, "mdia", "minf", "stbl", "stsd")),
            timescale=_number(times, at),
            skipped=_number(edits, 8 + wide, wide) if edits else 0,
        )

    def shown(self, moof: bytes) -> tuple[int, int]:
        """When the first sample of a fragment is shown and when the last one ends, in ticks (ISO/IEC 14496-12, 8.8)."""
        traf = inside(moof, "traf")
        begins = inside(traf, "tfdt")
        decoded = _number(begins, 4, 8 if begins[0] == 1 else 4) - self.skipped
        usual = _usual_duration(inside(traf, "tfhd"))
        first, last = None, 0
        for name, run in boxes(traf):
            for duration, offset in _samples(run, usual) if name == "trun" else ():
                first = decoded + offset if first is None else min(first, decoded + offset)
                last = max(last, decoded + offset + duration)
                decoded += duration
        if first is None:
            raise ValueError("a segment is empty")
        return max(first, 0), last


def _usual_duration(tfhd: bytes) -> int:
    flags = _number(tfhd, 0) & 0xFFFFFF
    return _number(tfhd, 8 + 8 * (flags & 1) + 4 * (flags >> 1 & 1)) if flags & 8 else 0


def _samples(trun: bytes, usual_duration: int) -> Iterator[tuple[int, int]]:
    """Duration of each sample, and how much later than decoded it is shown."""
    flags, at = _number(trun, 0) & 0xFFFFFF, 8 + 4 * (_number(trun, 0) & 1) + 4 * (_number(trun, 0) >> 2 & 1)
    for _ in range(_number(trun, 4)):
        duration, offset = usual_duration, 0
        if flags & 0x100:
            duration, at = _number(trun, at), at + 4
        at += 4 * (flags >> 9 & 1) + 4 * (flags >> 10 & 1)
        if flags & 0x800:
            offset, at = int.from_bytes(trun[at : at + 4], "big", signed=trun[0] == 1), at + 4
        yield duration, offset


def _number(data: bytes, at: int, size: int = 4) -> int:
    if at + size > len(data):
        raise ValueError("a box is too short")
    return int.from_bytes(data[at : at + size], "big")


def _box(file: BinaryIO) -> tuple[str, int]:
    """Type and size of the box that begins here; its content is next to be read."""
    header = file.read(8)
    if len(header) < 8:
        raise ValueError("it ends too early")
    return header[4:].decode("latin-1"), int.from_bytes(header[:4], "big")


def _entries(sidx: bytes) -> int:
    """Where an index's entries of 12 bytes begin: size, duration, how the segment can be entered."""
    return 32 if sidx[0] == 1 else 24


def _sizes(sidx: bytes) -> list[int]:
    """Of all segments. Each begins with a key frame."""
    sizes = []
    for at in range(_entries(sidx), len(sidx), 12):
        if _number(sidx, at) >> 31 or not _number(sidx, at + 8) >> 31:
            raise ValueError("the index has an entry that is no segment")
        sizes.append(_number(sidx, at))
    if not sizes:
        raise ValueError("the index is empty")
    return sizes


def _corrected(sidx: bytes, start: int, durations: list[int]) -> bytes:
    """The index with these times; its clock is the track's."""
    corrected, first = bytearray(sidx), _entries(sidx)
    wide = 8 if sidx[0] == 1 else 4
    corrected[12 : 12 + wide] = start.to_bytes(wide, "big")
    for number, duration in enumerate(durations):
        at = first + 12 * number + 4
        corrected[at : at + 4] = duration.to_bytes(4, "big")
    return bytes(corrected)

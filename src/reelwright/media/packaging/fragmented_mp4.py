"""Fragmented MP4 files of one stream: where the header, the index and each segment lie.

Such a file is `ftyp` and `moov` (the initialisation), `sidx` (the index: ISO/IEC 14496-12, 8.16.3), then a `moof` and
`mdat` for each segment. The index is ours: ffmpeg guesses there how long segments of a variable frame rate last.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from reelwright.media.packaging.codec_strings import boxes, codec_name, inside

HEADER_LIMIT_BYTES = 2**20
COPY_BYTES = 2**20
GAP = struct.pack(">I4s", 8, b"free")
"""Between segments: ffmpeg's HLS reader loses its way over HTTP where byte ranges of a file touch."""


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
    densest_rate: Fraction | None = None
    """Samples a second where they are densest for a second or longer; None where no segment lasts so long."""

    @property
    def borders_s(self) -> tuple[Fraction, ...]:
        """Where each segment begins, and where the last one ends."""
        times = [self.start_s]
        for segment in self.segments:
            times.append(times[-1] + segment.duration_s)
        return tuple(times)


def fragments_of(media: str) -> str:
    """What ffmpeg writes and a media file is made of."""
    return f"{media.removesuffix('.mp4')}.fragments"


def beginning_s(fragments: Path) -> Fraction:
    """Return how much of the media there is before what is shown first, as its edit list says: what the encoder needed
    to start. Raises ValueError, OSError."""
    with fragments.open("rb") as source:
        _, track = _header(source)
    return Fraction(track.skipped, track.timescale)


def indexed(fragments: Path, path: Path, *, longest_rest_s: Fraction) -> Fragments:
    """Write the fragments that ffmpeg made to `path`, with an index of them. A last one that is not longer than
    `longest_rest_s` is part of the segment before.

    Raises ValueError where they are not laid out as they should be, OSError.
    """
    with fragments.open("rb") as source, path.open("xb") as target:
        header, track = _header(source)
        sizes, shown, rates = [], [], []
        while source.peek(1):
            size_bytes, times, end = _fragment(source, track)
            sizes.append(size_bytes)
            shown.append((times[0], end))
            rates.append(_densest(times, track.timescale))
        if len(shown) > 1 and shown[-1][1] - shown[-1][0] <= longest_rest_s * track.timescale:
            sizes[-2:] = [sum(sizes[-2:])]
            shown[-2:] = [(shown[-2][0], shown[-1][1])]
            rates.pop()
        if not 0 < len(sizes) < 2**16 or max(sizes) + len(GAP) >= 2**31:
            raise ValueError("an index cannot hold its segments")
        borders = [*(start for start, _ in shown), shown[-1][1]]
        durations = [end - start for start, end in pairwise(borders)]
        if min(durations) <= 0:
            raise ValueError("a segment is not shown after the one that it follows")
        index = _index(track.timescale, borders[0], sizes, durations)
        target.write(header + index)
        source.seek(len(header))
        segments = []
        for size_bytes, duration in zip(sizes, durations, strict=True):
            segments.append(Segment(target.tell(), size_bytes, Fraction(duration, track.timescale)))
            _copy(source, target, size_bytes)
            target.write(GAP)
    return Fragments(
        name=path.name,
        codec=track.codec,
        init_bytes=len(header),
        index_end=len(header) + len(index),
        start_s=Fraction(borders[0], track.timescale),
        segments=tuple(segments),
        densest_rate=max((rate for rate in rates if rate is not None), default=None),
    )


def _densest(times: list[int], second: int) -> Fraction | None:
    """The highest mean rate between any sample and the first one that comes a `second` later; all in ticks."""
    rates, after = [], 0
    for first, time in enumerate(times):
        while after < len(times) and times[after] - time < second:
            after += 1
        if after == len(times):
            break
        rates.append(Fraction((after - first) * second, times[after] - time))
    return max(rates, default=None)


def _header(source: BinaryIO) -> tuple[bytes, Track]:
    """`ftyp` and `moov`."""
    header, content = b"", b""
    for wanted in ("ftyp", "moov"):
        kind, size_bytes = _box(source)
        if kind != wanted or not 8 < size_bytes <= HEADER_LIMIT_BYTES:
            raise ValueError(f"its header has a {kind!r} box of {size_bytes} bytes")
        content = source.read(size_bytes - 8)
        header += size_bytes.to_bytes(4, "big") + kind.encode() + content
    return header, Track.of(content)


def _fragment(source: BinaryIO, track: Track) -> tuple[int, list[int], int]:
    """Size of the fragment that begins here, and as `Track.shown`; the next one is next to be read."""
    kind, head_bytes = _box(source)
    if kind != "moof" or not 8 < head_bytes <= HEADER_LIMIT_BYTES:
        raise ValueError(f"there is a {kind!r} box of {head_bytes} bytes where a segment should begin")
    times, end = track.shown(source.read(head_bytes - 8))
    kind, body_bytes = _box(source)
    begin = source.tell()
    if kind != "mdat" or source.seek(0, os.SEEK_END) < begin + body_bytes - 8:
        raise ValueError("a segment is cut short")
    source.seek(begin + body_bytes - 8)
    return head_bytes + body_bytes, times, end


def _copy(source: BinaryIO, target: BinaryIO, size_bytes: int) -> None:
    while size_bytes:
        data = source.read(min(size_bytes, COPY_BYTES))
        if not data:
            raise ValueError("a segment is cut short")
        target.write(data)
        size_bytes -= len(data)


def _index(timescale: int, start: int, sizes: list[int], durations: list[int]) -> bytes:
    """The `sidx` box: each segment, with the gap behind it, begins with a sync sample (type 1 access point)."""
    entries = b"".join(
        struct.pack(">III", size_bytes + len(GAP), duration, 0x90000000)
        for size_bytes, duration in zip(sizes, durations, strict=True)
    )
    content = struct.pack(">IIIQQHH", 0x01000000, 1, timescale, start, 0, 0, len(sizes)) + entries
    return struct.pack(">I4s", 8 + len(content), b"sidx") + content


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

    def shown(self, moof: bytes) -> tuple[list[int], int]:
        """When each sample of a fragment is shown, in that order, and when the last one ends, in ticks (ISO/IEC
        14496-12, 8.8)."""
        traf = inside(moof, "traf")
        begins = inside(traf, "tfdt")
        decoded = _number(begins, 4, 8 if begins[0] == 1 else 4) - self.skipped
        usual = _usual_duration(inside(traf, "tfhd"))
        times, last = [], 0
        for name, run in boxes(traf):
            for duration, offset in _samples(run, usual) if name == "trun" else ():
                times.append(max(decoded + offset, 0))
                last = max(last, decoded + offset + duration)
                decoded += duration
        if not times:
            raise ValueError("a segment is empty")
        return sorted(times), last


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

"""H.264 as MP4 holds it: its parameter sets, and what single packets say of themselves. Pure.

Source: ISO/IEC 14496-10, 7.3 and annex E; 14496-15, 5.3.3.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import msgspec

from reelwright.edits.splice_structs import SourceCoding, SpliceRefusal
from reelwright.media.splicing.bits import (
    MAX_UNIT_HEADER,
    Bits,
    Malcoded,
    NotJoined,
    joined,
    like,
    parameter_sets,
    payload,
    units,
)
from reelwright.media.splicing.seen_packets import PictureKind

SLICE, PARTITIONS, IDR, SPS, PPS, DELIMITER = 1, range(2, 5), 5, 7, 8, 9
PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422"}
"""Those that are coded here, by their numbers, as x264 calls them."""
WITH_FORMAT = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose parameters say how colour is sampled."""
IDS = range(32)
UNKNOWN = 2
"""Of colours."""
UNKNOWN_SHAPE = (0, 1)
SHAPES = (
    *((0, 1), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11), (80, 33), (18, 11)),
    *((15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1)),
)
"""Of pixels, by the number that stands for each (table E-1)."""
EXPLICIT = 255


def said_shape(shape: tuple[int, ...]) -> str | None:
    """Return the shape of pixels as filters take it; None where nothing is said."""
    width, height = shape
    return f"{width}/{height}" if width and height else None


class CodedForm(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be the same in all parts of a track: `shown` is how players show it."""

    profile: int
    chroma: int
    depth: tuple[int, int]
    size: tuple[int, int]
    frames_only: bool
    crop: tuple[int, ...]
    shape: tuple[int, ...]
    full_range: bool
    colors: tuple[int, ...]
    chroma_place: tuple[int, ...]

    def goes_with(self, source: CodedForm) -> bool:
        """Whether frames like these may stand beside a source's: what that does not say, its container may."""
        if self.profile > source.profile or self.full_range != source.full_range:
            return False
        if source.shape != UNKNOWN_SHAPE and self.shape != source.shape:
            return False
        if any(said not in (UNKNOWN, own) for said, own in zip(source.colors, self.colors, strict=True)):
            return False
        plain = [msgspec.structs.replace(one, profile=0, shape=UNKNOWN_SHAPE, colors=()) for one in (self, source)]
        return plain[0] == plain[1]


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """One sequence parameter set."""

    id: int
    level: int
    baseline: bool
    frame_number_bits: int
    references: int
    reorder: int | None
    decoded_pictures: int | None
    picture: CodedForm


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What MP4 says once of a track (avcC)."""

    start: bytes
    length_size: int
    sequences: tuple[bytes, ...]
    pictures: tuple[bytes, ...]
    rest: bytes

    @classmethod
    def of(cls, extradata: bytes) -> Configuration:
        """Raises Malcoded."""
        if len(extradata) < 7 or extradata[0] != 1:
            raise Malcoded("its parameters do not stand apart from its pictures")
        sequences, at = parameter_sets(extradata, 6, extradata[5] & 31)
        if at >= len(extradata):
            raise Malcoded("its parameters break off")
        pictures, at = parameter_sets(extradata, at + 1, extradata[at])
        return cls(
            start=extradata[:4],
            length_size=(extradata[4] & 3) + 1,
            sequences=sequences,
            pictures=pictures,
            rest=extradata[at:],
        )

    def with_sets(self, other: Configuration) -> Configuration:
        """The same, and those parameter sets of another that it has not. Raises NotJoined: two have one number."""
        sequences = (*self.sequences, *(one for one in other.sequences if one not in self.sequences))
        pictures = (*self.pictures, *(one for one in other.pictures if one not in self.pictures))
        numbers = [sequence(one).id for one in sequences], [_picture_id(one) for one in pictures]
        if any(len(set(each)) != len(each) for each in numbers):
            raise NotJoined("frames at two edges were coded with other parameters")
        return msgspec.structs.replace(self, sequences=sequences, pictures=pictures)

    @property
    def extradata(self) -> bytes:
        found = bytearray(self.start)
        found += bytes([0xFC | self.length_size - 1, 0xE0 | len(self.sequences)])
        found += b"".join(len(one).to_bytes(2, "big") + one for one in self.sequences)
        found.append(len(self.pictures))
        return bytes(found) + b"".join(len(one).to_bytes(2, "big") + one for one in self.pictures) + self.rest

    @property
    def ids(self) -> set[int]:
        """Of all its sets: encoders here give both kinds the same."""
        return {sequence(one).id for one in self.sequences} | set(map(_picture_id, self.pictures))


def _picture_id(unit: bytes) -> int:
    return Bits(payload(unit[1:])).ue()


def sequence(unit: bytes) -> Sequence:
    """Read a sequence parameter set. Raises Malcoded, also where it has what is not read here."""
    bits = Bits(payload(unit[1:]))
    profile, _, level, number = bits.u(8), bits.u(8), bits.u(8), bits.ue()
    chroma, depth = 1, (8, 8)
    if profile in WITH_FORMAT:
        chroma = bits.ue()
        if chroma == 3:
            bits.u(1)
        depth = (8 + bits.ue(), 8 + bits.ue())
        if bits.flag():
            raise Malcoded("it is coded without loss")
        if bits.flag():
            raise Malcoded("it has scaling matrices of its own")
    frame_number_bits = bits.ue() + 4
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(min(bits.ue(), 255)):
            bits.se()
    references = bits.ue()
    bits.u(1)
    size = (bits.ue() + 1, bits.ue() + 1)
    frames_only = bits.flag()
    if not frames_only:
        bits.u(1)
    bits.u(1)
    crop = tuple(bits.ue() for _ in range(4)) if bits.flag() else (0, 0, 0, 0)
    look = _usability(bits) if bits.flag() else _Usability()
    return Sequence(
        id=number,
        level=level,
        baseline=profile == 66,
        frame_number_bits=frame_number_bits,
        references=references,
        reorder=look.reorder,
        decoded_pictures=look.decoded_pictures,
        picture=CodedForm(
            profile=profile,
            chroma=chroma,
            depth=depth,
            size=size,
            frames_only=frames_only,
            crop=crop,
            shape=look.shape,
            full_range=look.full_range,
            colors=look.colors,
            chroma_place=look.chroma_place,
        ),
    )


class _Usability(msgspec.Struct, frozen=True, kw_only=True):
    shape: tuple[int, ...] = UNKNOWN_SHAPE
    full_range: bool = False
    colors: tuple[int, ...] = (UNKNOWN,) * 3
    chroma_place: tuple[int, ...] = (0, 0)
    reorder: int | None = None
    decoded_pictures: int | None = None


def _usability(bits: Bits) -> _Usability:
    shape: tuple[int, ...] = UNKNOWN_SHAPE
    if bits.flag():
        number = bits.u(8)
        if number == EXPLICIT:
            width, height = bits.u(16), bits.u(16)
            divisor = gcd(width, height)
            shape = (width // divisor, height // divisor) if divisor else UNKNOWN_SHAPE
        else:
            shape = SHAPES[number] if number < len(SHAPES) else UNKNOWN_SHAPE
    if bits.flag():
        bits.u(1)
    full_range, colors = False, (UNKNOWN,) * 3
    if bits.flag():
        bits.u(3)
        full_range = bits.flag()
        if bits.flag():
            colors = (bits.u(8), bits.u(8), bits.u(8))
    place = (bits.ue(), bits.ue()) if bits.flag() else (0, 0)
    if bits.flag():
        bits.u(32)
        bits.u(33)
    buffered = False
    for _ in range(2):
        if bits.flag():
            buffered = True
            count = min(bits.ue(), 31) + 1
            bits.u(8)
            for _ in range(count):
                bits.ue()
                bits.ue()
                bits.u(1)
            bits.u(20)
    if buffered:
        bits.u(1)
    bits.u(1)
    reorder = decoded = None
    if bits.flag():
        bits.u(1)
        for _ in range(4):
            bits.ue()
        reorder, decoded = bits.ue(), bits.ue()
    return _Usability(
        shape=shape,
        full_range=full_range,
        colors=colors,
        chroma_place=place,
        reorder=reorder,
        decoded_pictures=decoded,
    )


class H264:
    """A track of H.264: what its packets are, and what the frames have to be like that are put beside them."""

    tag = ""
    """How MP4 calls it, where that has to be said."""

    def __init__(self, extradata: bytes) -> None:
        """Raises Malcoded."""
        self.configuration = Configuration.of(extradata)
        if len(self.configuration.sequences) != 1:
            raise Malcoded("its parameters change")
        self.sequence = sequence(self.configuration.sequences[0])
        self.known = frozenset((*self.configuration.sequences, *self.configuration.pictures))

    def refused(self) -> SpliceRefusal | None:
        picture = self.sequence.picture
        if picture.profile not in PROFILES:
            return SpliceRefusal(reason="format", detail=f"it has a profile ({picture.profile}) that is not coded here")
        if picture.chroma not in (1, 2) or picture.depth not in ((8, 8), (10, 10)):
            return SpliceRefusal(reason="format", detail="its colours are sampled in a way that is not coded here")
        if not any(number not in self.configuration.ids for number in IDS):
            return SpliceRefusal(reason="parameters", detail="no number is left for parameters of further frames")
        return None

    def coding(self, reorder: int) -> SourceCoding:
        """`reorder`: as it was seen."""
        found, ids = self.sequence, self.configuration.ids
        level = found.level / 10
        return SourceCoding(
            codec="h264",
            profile=PROFILES[found.picture.profile],
            level=f"{level:.1f}",
            reorder=max(reorder, min(found.reorder or 0, 16)),
            decoded_pictures=found.decoded_pictures,
            free_id=next(number for number in IDS if number not in ids),
            interlaced=not found.picture.frames_only,
            shape=said_shape(found.picture.shape),
        )

    def of_edge(self, extradata: bytes, coding: SourceCoding | None) -> H264:
        """The track of frames that were coded to go with this one's. Raises NotJoined."""
        edge = H264(extradata)
        here, there = self.sequence, edge.sequence
        if coding is None or edge.configuration.ids != {coding.free_id}:
            raise NotJoined("frames at an edge were coded with other numbers than was asked for")
        if not there.picture.goes_with(here.picture):
            raise NotJoined("frames at an edge were coded in another form than the source's")
        return edge

    def beside(self, packet: bytes, length_size: int) -> bytes:
        """A packet as it stands in a track whose lengths have this size, without what that says once."""
        kept = [bytes(unit) for unit in units(packet, self.configuration.length_size)]
        return joined([unit for unit in kept if unit[0] & 31 not in (SPS, PPS, DELIMITER)], length_size)

    def begun(self, packet: Any) -> Any:
        """The packet with which a copied run begins."""
        return packet

    def without_sets(self, packet: Any) -> Any:
        """The same packet without the parameters that the track says once."""
        size = self.configuration.length_size
        found = [bytes(unit) for unit in units(bytes(packet), size)]
        kept = [unit for unit in found if unit[0] & 31 not in (SPS, PPS)]
        return packet if len(kept) == len(found) else like(packet, joined(kept, size))

    def kind(self, packet: bytes) -> PictureKind:
        """Raises Malcoded: it is none that can be copied."""
        for unit in units(packet, self.configuration.length_size):
            number = unit[0] & 31
            if number in PARTITIONS:
                raise Malcoded("its pictures come in partitions")
            if number in (SPS, PPS) and bytes(unit) not in self.known:
                raise Malcoded("its parameters change")
            if number in (SLICE, IDR):
                if not self.sequence.picture.frames_only and self._is_field(bytes(unit[1:MAX_UNIT_HEADER])):
                    raise Fields("its fields are pictures of their own")
                return PictureKind.START if number == IDR else PictureKind.OTHER
        raise Malcoded("a packet has no picture")

    def _is_field(self, start: bytes) -> bool:
        bits = Bits(payload(start))
        for _ in range(3):
            bits.ue()
        bits.u(self.sequence.frame_number_bits)
        return bits.flag()


class Fields(Malcoded):
    """Each packet is half a frame."""

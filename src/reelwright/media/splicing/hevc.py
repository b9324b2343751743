"""HEVC as MP4 holds it: its parameter sets, and what single packets say of themselves. Pure.

Source: ISO/IEC 23008-2, 7.3 and 7.4.2.2; 14496-15, 8.3.3.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reelwright.edits.splice_structs import SourceCoding, SpliceRefusal
from reelwright.media.splicing import hevc_ids
from reelwright.media.splicing.bits import Bits, Malcoded, NotJoined, joined, like, parameter_sets, payload, units
from reelwright.media.splicing.h264 import said_shape
from reelwright.media.splicing.hevc_display import is_dynamic, is_static, shown, skip_profile
from reelwright.media.splicing.seen_packets import PictureKind

LEADING, STARTS, CRA = range(6, 10), range(16, 22), 21
ALONE = 18
"""A picture from which decoding begins anew, without any that is shown before it (BLA_N_LP)."""
VIDEO, SEQUENCE, PICTURE, CODED = 32, 33, 34, range(32)
MESSAGES, DOLBY_VISION = 39, (62, 63)
"""Units beside pictures."""
IDS = range(16)
FORMS = {(1, 8): "main", (1, 10): "main10"}
"""By how colour is sampled and the bits of a sample, as x265 calls them."""


def kind_of(unit: bytes | memoryview) -> int:
    return unit[0] >> 1 & 63


class Sets(msgspec.Struct, frozen=True, kw_only=True):
    """What MP4 says once of a track (hvcC). `arrays`: the first byte of each kind of set, and the sets."""

    start: bytes
    length_size: int
    arrays: tuple[tuple[int, tuple[bytes, ...]], ...]

    @classmethod
    def of(cls, extradata: bytes) -> Sets:
        """Raises Malcoded."""
        if len(extradata) < 24 or extradata[0] != 1:
            raise Malcoded("its parameters do not stand apart from its pictures")
        arrays, at = [], 23
        for _ in range(extradata[22]):
            kind, count = extradata[at : at + 1], int.from_bytes(extradata[at + 1 : at + 3], "big")
            found, at = parameter_sets(extradata, at + 3, count)
            if not kind:
                raise Malcoded("its parameters break off")
            arrays.append((kind[0], found))
        return cls(start=extradata[:22], length_size=(extradata[21] & 3) + 1, arrays=tuple(arrays))

    def of_kind(self, kind: int) -> tuple[bytes, ...]:
        return tuple(one for first, found in self.arrays for one in found if first & 63 == kind)

    @property
    def form(self) -> tuple[int, int, int]:
        """How colour is sampled, and the bits of both kinds of samples."""
        return self.start[16] & 3, 8 + (self.start[17] & 7), 8 + (self.start[18] & 7)

    def with_sets(self, other: Sets) -> Sets:
        """The same, and those sets of another that it has not. Raises NotJoined: two have one number."""
        arrays = []
        for first, found in self.arrays:
            more = (one for one in other.of_kind(first & 63) if one not in found)
            whole = (*found, *more) if first & 63 in (VIDEO, SEQUENCE, PICTURE) else found
            numbers = [_number(one) for one in whole] if whole is not found else []
            if len(set(numbers)) != len(numbers):
                raise NotJoined("frames at two edges were coded with other parameters")
            arrays.append((first, whole))
        return msgspec.structs.replace(self, arrays=tuple(arrays))

    @property
    def extradata(self) -> bytes:
        found = bytearray(self.start)
        found.append(len(self.arrays))
        for first, sets in self.arrays:
            found += bytes([first]) + len(sets).to_bytes(2, "big")
            found += b"".join(len(one).to_bytes(2, "big") + one for one in sets)
        return bytes(found)


def _number(unit: bytes) -> int:
    """Of a parameter set."""
    bits = Bits(payload(unit))
    bits.u(16)
    match kind_of(unit):
        case 32:
            return bits.u(4)
        case 33:
            bits.u(4)
            skip_profile(bits, bits.u(3))
            return bits.ue()
        case _:
            return bits.ue()


class Hevc:
    """A track of HEVC: what its packets are, and what the frames have to be like that are put beside them."""

    tag = "hvc1"

    def __init__(self, extradata: bytes) -> None:
        """Raises Malcoded."""
        self.configuration = Sets.of(extradata)
        sequences = self.configuration.of_kind(SEQUENCE)
        if len(sequences) != 1 or not self.configuration.of_kind(PICTURE) or not self.configuration.of_kind(VIDEO):
            raise Malcoded("its parameters change")
        self.shown = shown(sequences[0])
        self.known = frozenset(one for _, found in self.configuration.arrays for one in found)

    @property
    def _ids(self) -> set[int]:
        kinds = (VIDEO, SEQUENCE, PICTURE)
        return {_number(one) for kind in kinds for one in self.configuration.of_kind(kind)}

    def refused(self) -> SpliceRefusal | None:
        chroma, luma_bits, chroma_bits = self.configuration.form
        if luma_bits != chroma_bits or (chroma, luma_bits) not in FORMS:
            return SpliceRefusal(reason="format", detail="its colours are sampled in a way that is not coded here")
        if not any(number not in self._ids for number in IDS):
            return SpliceRefusal(reason="parameters", detail="no number is left for parameters of further frames")
        return None

    def coding(self, reorder: int) -> SourceCoding:
        """`reorder`: as it was seen."""
        chroma, depth, _ = self.configuration.form
        return SourceCoding(
            codec="hevc",
            profile=FORMS[chroma, depth],
            level="",
            reorder=reorder,
            free_id=next(number for number in IDS if number not in self._ids),
            shape=said_shape(self.shown.shape),
        )

    def of_edge(self, extradata: bytes, coding: SourceCoding | None) -> HevcEdge:
        """The track of frames that were coded to go with this one's. Raises NotJoined, Malcoded."""
        if coding is None:
            raise NotJoined("frames at an edge were coded, and none were asked for")
        edge = HevcEdge(extradata, coding)
        if not edge.shown.goes_with(self.shown):
            raise NotJoined("frames at an edge were coded in another form than the source's")
        return edge

    def begun(self, packet: Any) -> Any:
        """The packet with which a copied run begins: nothing is left of what is shown before it."""
        size = self.configuration.length_size
        found = [bytes(unit) for unit in units(bytes(packet), size)]
        if not any(kind_of(unit) == CRA for unit in found):
            return packet
        # only the kind changes: the headers of its slices are written alike
        changed = [bytes([unit[0] & 0x81 | ALONE << 1]) + unit[1:] if kind_of(unit) == CRA else unit for unit in found]
        return like(packet, joined(changed, size))

    def without_sets(self, packet: Any) -> Any:
        """The same packet without the parameters that the track says once."""
        size = self.configuration.length_size
        found = [bytes(unit) for unit in units(bytes(packet), size)]
        kept = [unit for unit in found if kind_of(unit) not in (VIDEO, SEQUENCE, PICTURE)]
        return packet if len(kept) == len(found) else like(packet, joined(kept, size))

    def kind(self, packet: bytes) -> PictureKind:
        """Raises Malcoded: it is none that can be copied."""
        found: PictureKind | None = None
        for unit in units(packet, self.configuration.length_size):
            number = kind_of(unit)
            if number in (VIDEO, SEQUENCE, PICTURE) and bytes(unit) not in self.known:
                raise Malcoded("its parameters change")
            if number == MESSAGES and is_dynamic(bytes(unit)):
                raise Dynamic("it has HDR10+, which is said of each frame")
            if number in DOLBY_VISION:
                raise Dynamic("it has Dolby Vision")
            if number in CODED and found is None:
                found = PictureKind.START if number in STARTS else PictureKind.OTHER
                if number in LEADING:
                    found = PictureKind.LEADING
        if found is None:
            raise Malcoded("a packet has no picture")
        return found


class HevcEdge(Hevc):
    """Frames that were coded here, with the numbers that they are to have."""

    def __init__(self, extradata: bytes, coding: SourceCoding) -> None:
        """Raises Malcoded."""
        super().__init__(extradata)
        self.number = number = coding.free_id
        sets = self.configuration
        sequence_, self._sequence = hevc_ids.sequence(sets.of_kind(SEQUENCE)[0], number, coding.reorder)
        picture, self._across = hevc_ids.picture(sets.of_kind(PICTURE)[0], number)
        found: dict[int, tuple[bytes, ...]] = {
            VIDEO: (hevc_ids.video(sets.of_kind(VIDEO)[0], number),),
            SEQUENCE: (sequence_,),
            PICTURE: (picture,),
        }
        arrays = tuple((first, found.get(first & 63, sets)) for first, sets in sets.arrays)
        self.configuration = msgspec.structs.replace(sets, arrays=arrays)

    def beside(self, packet: bytes, length_size: int) -> bytes:
        """A packet as it stands in a track whose lengths have this size, without what that says once."""
        found = [bytes(unit) for unit in units(packet, self.configuration.length_size)]
        kept: list[bytes] = []
        for unit in found:
            if kind_of(unit) in CODED:
                kept.append(hevc_ids.slice_(unit, self._sequence, self.number, across=self._across))
            elif kind_of(unit) == MESSAGES and is_static(unit):
                kept.append(unit)
        return joined(kept, length_size)


class Dynamic(Malcoded):
    """How it is shown is said of each frame anew."""

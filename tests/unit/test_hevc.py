"""What HEVC says of itself, which of its packets are copied, and frames of x265 that are put beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import av
import pytest

from reelwright.edits.splice_structs import SourceCoding
from reelwright.media.splicing import hevc_ids
from reelwright.media.splicing.bits import Bits, Malcoded, NotJoined, joined, packed, payload, protected, trailed, ue
from reelwright.media.splicing.hevc import Dynamic, Hevc
from reelwright.media.splicing.hevc_ids import SequenceFields
from reelwright.media.splicing.seen_packets import PictureKind
from tests.unit.test_hevc_display import GRADED, WIDE

SEQUENCE = bytes.fromhex(GRADED)
VPS, SPS, PPS = 32, 33, 34


def unit(kind: int, bits: str) -> bytes:
    return bytes((kind << 1, 1)) + protected(packed(trailed(bits)))


def vps(number: int = 0) -> bytes:
    return unit(VPS, f"{number:04b}" + "0" * 100)


USUAL = {
    "ids": ue(0) + ue(0),
    "segments, output, more": "00000",
    "hidden signs": "1",
    "start of coding": "0",
    "references": ue(0) + ue(0),
    "quality": ue(0) + "00" + "1" + ue(1) + ue(0) + ue(0),
    "chroma, weights": "000",
    "without transform": "0",
    "tiles, rows": "00",
    "across": "1",
    "filters, scaling, lists": "000",
    "merged": ue(0),
    "header": "0",
    "extension": "0",
}
"""Bits of a picture's parameters, as x265 writes them here."""


def pps(other: Mapping[str, str] = MappingProxyType({})) -> bytes:
    assert other.keys() <= USUAL.keys()
    return unit(PPS, "".join((USUAL | dict(other)).values()))


def said_once(
    *,
    videos: Sequence[bytes] = (vps(),),
    sequences: Sequence[bytes] = (SEQUENCE,),
    pictures: Sequence[bytes] = (pps(),),
) -> bytes:
    """What MP4 says of a track (hvcC) of ten bits."""
    found = bytearray(b"\x01" + bytes(15) + b"\x01\x02\x02" + bytes(2) + b"\x03\x03")
    for kind, sets in ((VPS, videos), (SPS, sequences), (PPS, pictures)):
        found += bytes((0x80 | kind,)) + len(sets).to_bytes(2)
        found += b"".join(len(one).to_bytes(2) + one for one in sets)
    return bytes(found)


SOURCE = Hevc(said_once())
CODING = SOURCE.coding(2)


def test_frames_at_edges_are_asked_for_as_the_source_is() -> None:
    assert SourceCoding(codec="hevc", profile="main10", level="", reorder=2, free_id=1, shape="1/1") == CODING
    assert SOURCE.refused() is None


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"\0\0\0\x01" + SEQUENCE, "do not stand apart"),
        (said_once()[:-9], "break off"),
        (said_once()[:22] + b"\x09" + said_once()[23:], "break off"),
        (said_once(sequences=(SEQUENCE, bytes.fromhex(WIDE))), "parameters change"),
        (said_once(pictures=()), "parameters change"),
    ],
)
def test_what_is_not_read_is_no_track_to_copy(said: bytes, sentence: str) -> None:
    with pytest.raises(Malcoded, match=sentence):
        Hevc(said)


def test_beside_what_nothing_can_be_put_is_refused() -> None:
    """What is sampled otherwise than x265 does here; what has taken all numbers."""
    sampled = bytearray(said_once())
    sampled[16] = 2
    full = said_once(videos=[vps(number) for number in range(16)])
    reasons = [refused.reason for said in (bytes(sampled), full) if (refused := Hevc(said).refused()) is not None]
    assert reasons == ["format", "parameters"]


def packet(*found: bytes) -> bytes:
    return joined(list(found), 4)


def whole(*found: bytes) -> Any:
    """As it is read from a file."""
    made = av.Packet(packet(*found))
    made.time_base = Fraction(1, 25)
    return made


def coded(kind: int) -> bytes:
    return bytes((kind << 1, 1)) + b"\xaf\x80"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (packet(bytes((35 << 1, 1, 80)), vps(), SEQUENCE, pps(), coded(19)), PictureKind.START),
        (packet(coded(21), coded(21)), PictureKind.START),
        (packet(coded(8)), PictureKind.LEADING),
        (packet(coded(1)), PictureKind.OTHER),
    ],
)
def test_packets_are_of_kinds(content: bytes, kind: PictureKind) -> None:
    assert SOURCE.kind(content) is kind


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (packet(pps({"merged": ue(1)}), coded(19)), Malcoded, "parameters change"),
        (packet(coded(1), bytes((62 << 1, 1)) + b"\x19"), Dynamic, "Dolby Vision"),
        (packet(bytes.fromhex("4e01") + b"\x04\x07\xb5\x00\x3c\x00\x01\x04\x00\x80", coded(1)), Dynamic, r"HDR10\+"),
        (packet(vps()), Malcoded, "no picture"),
    ],
)
def test_packets_that_are_not_copied(content: bytes, kind: type[Malcoded], sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        SOURCE.kind(content)


def test_a_run_begins_without_what_is_shown_before_it() -> None:
    """Its first picture says so; what has none before it stays as it is. Parameters are said once."""
    for kind, begun in ((19, 19), (21, 18)):
        assert bytes(SOURCE.begun(whole(coded(kind)))) == packet(coded(begun))
    assert bytes(SOURCE.without_sets(whole(vps(), SEQUENCE, pps(), coded(1)))) == packet(coded(1))


def test_frames_of_x265_get_other_numbers() -> None:
    edge = SOURCE.of_edge(said_once(), CODING)
    own = [edge.configuration.of_kind(kind)[0] for kind in (VPS, SPS, PPS)]
    assert own[0][2] >> 4 == 1
    bits = Bits(payload(own[2]))
    assert (bits.u(16) >> 9, bits.ue(), bits.ue()) == (PPS, 1, 1)
    both = SOURCE.configuration.with_sets(edge.configuration)
    assert [len(both.of_kind(kind)) for kind in (VPS, SPS, PPS)] == [2, 2, 2]
    assert type(both).of(both.extradata) == both
    with pytest.raises(NotJoined, match="with other parameters"):
        both.with_sets(Hevc(said_once(pictures=(pps({"merged": ue(1)}),))).configuration)


def test_frames_that_nobody_asked_for_or_that_look_otherwise_are_not_joined() -> None:
    with pytest.raises(NotJoined, match="none were asked for"):
        SOURCE.of_edge(said_once(), None)
    with pytest.raises(NotJoined, match="another form"):
        Hevc(said_once(sequences=(bytes.fromhex(WIDE),))).of_edge(said_once(), CODING)


@pytest.mark.parametrize(
    "other",
    [
        {"ids": ue(1) + ue(0)},
        {"segments, output, more": "01000"},
        {"segments, output, more": "00001"},
        {"start of coding": "1"},
        {"references": ue(1) + ue(0)},
        {"chroma, weights": "100"},
        {"chroma, weights": "010"},
        {"tiles, rows": "01"},
        {"filters, scaling, lists": "100" + "00" + "00"},
        {"header": "1"},
    ],
)
def test_what_x265_does_not_write_here_is_refused(other: dict[str, str]) -> None:
    """Its slices would be read otherwise."""
    assert hevc_ids.picture(pps(), 5)[1]
    with pytest.raises(Malcoded, match="in another way than was asked for"):
        hevc_ids.picture(pps(other), 5)


FIELDS = SequenceFields(order_bits=8, sample_offset=True, temporal_motion=True)
DATA = b"\x12\x00\x00\x01\x34"
"""What is coded, with bytes that look like a start code."""


@pytest.mark.parametrize(
    ("kind", "before", "behind"),
    [
        (19, "10", ue(2) + "11" + ue(3) + "1"),
        (21, "10", ue(2) + "0" * 8 + "0" + ue(0) * 2 + "1" + "00" + ue(0) + "0"),
        (1, "1", ue(1) + "00000011" + "0" + ue(1) + ue(0) + ue(0) + "1" + "1" + "01" + "0" + ue(3) + ue(4) + "1"),
    ],
    ids=["IDR", "CRA", "predicted"],
)
def test_a_slice_names_other_parameters_and_stays_as_it_is(kind: int, before: str, behind: str) -> None:
    slice_ = bytes((kind << 1, 1)) + protected(packed(trailed(before + ue(0) + behind)) + DATA)
    changed = hevc_ids.slice_(slice_, FIELDS, 5, across=True)
    assert changed == bytes((kind << 1, 1)) + protected(packed(trailed(before + ue(5) + behind)) + DATA)


@pytest.mark.parametrize("header", ["0" + ue(0), "1" + ue(1), "1" + ue(0) + ue(0), "1" + ue(0) + ue(1) + "0" * 8 + "1"])
def test_other_slices_are_refused(header: str) -> None:
    """Of a picture that has several, of other parameters, between two others, of a set of references that is known."""
    with pytest.raises(Malcoded, match="in another way than was asked for"):
        hevc_ids.slice_(bytes((1 << 1, 1)) + packed(trailed(header + "0" * 80)), FIELDS, 5, across=True)

"""What H.264 says of itself: its parameter sets, with all that may stand in them, and the kinds of its packets."""

from __future__ import annotations

import msgspec
import pytest

from reelwright.edits.splice_structs import SourceCoding
from reelwright.media.splicing.bits import Malcoded, NotJoined, joined, packed, protected, trailed, ue, units
from reelwright.media.splicing.h264 import H264, Fields, sequence
from reelwright.media.splicing.seen_packets import PictureKind

RATES = ue(1) + "0" * 8 + (ue(9) + ue(9) + "0") * 2 + "0" * 20
"""Of a decoder's buffer."""
LOOK = "1" + f"{255:08b}{64:016b}{48:016b}" + "11" + "1" + "101" + "1" + "1" + f"{9:08b}{16:08b}{9:08b}"
LOOK += "1" + ue(2) * 2 + "1" + "0" * 65 + ("1" + RATES) * 2 + "0" + "0" + "1" + "0" + ue(0) * 4 + ue(2) + ue(5)
"""All that is said of how it is shown: pixels of 4:3, full range, BT.2020, order and buffers."""


def sps(
    profile: int = 100,
    *,
    number: int = 0,
    chroma: str = ue(1),
    special: str = "00",
    order: str = ue(0) + ue(2),
    fields: str = "1",
    look: str = "0",
) -> bytes:
    """A sequence parameter set of 1280x720, cropped by a line, in level 4.0."""
    bits = f"{profile:08b}{0:08b}{40:08b}" + ue(number)
    if profile >= 100:
        bits += chroma + ue(0) * 2 + special
    bits += ue(3) + order + ue(4) + "0" + ue(79) + ue(44) + fields + "1" + "1" + ue(0) * 3 + ue(1) + look
    return b"\x67" + protected(packed(trailed(bits)))


def pps(number: int = 0) -> bytes:
    return b"\x68" + packed(trailed(ue(number)))


def said_once(*sequences: bytes, pictures: tuple[bytes, ...] = (pps(),)) -> bytes:
    """What MP4 says of a track (avcC)."""
    found = b"\x01\x64\x00\x28\xff" + bytes([0xE0 | len(sequences)])
    found += b"".join(len(one).to_bytes(2) + one for one in sequences)
    return found + bytes([len(pictures)]) + b"".join(len(one).to_bytes(2) + one for one in pictures)


def test_all_that_may_stand_in_a_sequence_is_read_or_read_over() -> None:
    ordered = ue(1) + "0" + ue(1) * 2 + ue(2) + ue(1) * 2
    found = sequence(sps(110, order=ordered, fields="00", look="1" + LOOK))
    assert (found.level, found.references, found.frame_number_bits) == (40, 4, 7)
    assert (found.reorder, found.decoded_pictures) == (2, 5)
    picture = found.picture
    assert (picture.size, picture.crop, picture.frames_only) == ((80, 45), (0, 0, 0, 1), False)
    assert (picture.shape, picture.full_range, picture.colors, picture.chroma_place) == (
        (4, 3),
        True,
        (9, 16, 9),
        (2, 2),
    )
    plain = sequence(sps(66, order=ue(2)))
    assert (plain.baseline, plain.reorder, plain.picture.shape, plain.picture.colors) == (True, None, (0, 1), (2, 2, 2))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"", "do not stand apart"),
        (b"\0\0\0\x01" + sps(), "do not stand apart"),
        (said_once(sps())[:-5], "break off"),
        (said_once(sps(), sps(number=1)), "its parameters change"),
        (said_once(sps(special="1")), "without loss"),
        (said_once(sps(special="01")), "scaling matrices"),
        (said_once(sps()[:9]), "ends too early|too long"),
    ],
)
def test_what_is_not_read_is_no_track_to_copy(said: bytes, sentence: str) -> None:
    with pytest.raises(Malcoded, match=sentence):
        H264(said)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (said_once(sps(88)), "format"),
        (said_once(sps(244, chroma=ue(3) + "0")), "format"),
        (said_once(sps(110, chroma=ue(0))), "format"),
        (said_once(sps(), pictures=tuple(map(pps, range(32)))), "parameters"),
    ],
    ids=["a profile", "4:4:4", "gray", "no number"],
)
def test_beside_what_nothing_can_be_put_is_refused(said: bytes, reason: str) -> None:
    refused = H264(said).refused()
    assert refused is not None
    assert refused.reason == reason
    assert H264(said_once(sps())).refused() is None


SOURCE = H264(said_once(sps()))
CODING = SOURCE.coding(1)


def test_frames_at_edges_are_asked_for_as_the_source_is() -> None:
    assert SourceCoding(codec="h264", profile="high", level="4.0", reorder=1, free_id=1) == CODING


@pytest.mark.parametrize(
    ("edge", "coding", "sentence"),
    [
        (sps(number=2), CODING, "other numbers"),
        (sps(number=1), None, "other numbers"),
        (sps(122, number=1), CODING, "another form"),
        (sps(number=1, look="1" + LOOK), CODING, "another form"),
        (sps(number=1, fields="00"), CODING, "another form"),
    ],
)
def test_frames_that_do_not_go_with_the_source_are_not_joined(
    edge: bytes, coding: SourceCoding | None, sentence: str
) -> None:
    number = sequence(edge).id
    with pytest.raises(NotJoined, match=sentence):
        SOURCE.of_edge(said_once(edge, pictures=(pps(number),)), coding)


def test_what_the_source_does_not_say_its_frames_may() -> None:
    """The container says it then. Of what it says, nothing else may be said."""
    told = said_once(sps(number=1), pictures=(pps(1),))
    assert SOURCE.of_edge(told, CODING).sequence.id == 1
    shaped = H264(said_once(sps(look="1" + "1" + f"{14:08b}" + "0" * 8)))
    assert shaped.coding(0).shape == "4/3"
    for fields in ({"shape": (4, 3)}, {"colors": (1, 1, 1)}):
        other = msgspec.structs.replace(SOURCE.sequence.picture, **fields)
        assert other.goes_with(SOURCE.sequence.picture)
        assert not SOURCE.sequence.picture.goes_with(other)


def test_parameters_of_both_stand_in_one_track() -> None:
    own = SOURCE.configuration
    both = own.with_sets(SOURCE.of_edge(said_once(sps(number=1), pictures=(pps(1),)), CODING).configuration)
    assert both.ids == {0, 1}
    assert type(own).of(both.extradata) == both
    assert both.with_sets(own) == both
    with pytest.raises(NotJoined, match="with other parameters"):
        both.with_sets(type(own).of(said_once(sps(77, number=1), pictures=(pps(1),))))


def packet(*found: bytes) -> bytes:
    return joined(list(found), 4)


INTERLACED = said_once(sps(fields="00"))
FRAME, FIELD = (packed(trailed(ue(0) * 3 + "0" * 7 + fields)) for fields in ("0", "10"))
"""The start of a slice: its frame number has seven bits."""


def test_packets_are_of_kinds() -> None:
    assert SOURCE.kind(packet(b"\x09\xf0", sps(), pps(), b"\x65\x88")) is PictureKind.START
    assert SOURCE.kind(packet(b"\x06\x05", b"\x41\x9a")) is PictureKind.OTHER
    assert H264(INTERLACED).kind(packet(b"\x65" + FRAME)) is PictureKind.START


@pytest.mark.parametrize(
    ("said", "content", "kind", "sentence"),
    [
        (said_once(sps()), packet(b"\x42\x9a"), Malcoded, "in partitions"),
        (said_once(sps()), packet(pps(3), b"\x65\x88"), Malcoded, "parameters change"),
        (said_once(sps()), packet(b"\x06\x05"), Malcoded, "no picture"),
        (said_once(sps()), packet(b"\x65\x88")[:-1], Malcoded, "longer than its packet"),
        (INTERLACED, packet(b"\x65" + FIELD), Fields, "pictures of their own"),
    ],
)
def test_packets_that_are_not_copied(said: bytes, content: bytes, kind: type[Malcoded], sentence: str) -> None:
    with pytest.raises(kind, match=sentence):
        H264(said).kind(content)


def test_a_coded_packet_stands_without_what_the_track_says_once() -> None:
    """And with lengths as the track has them."""
    beside = SOURCE.beside(packet(b"\x09\xf0", sps(), pps(), b"\x06\x05", b"", b"\x65" * 300), 2)
    assert [bytes(unit) for unit in units(beside, 2)] == [b"\x06\x05", b"\x65" * 300]
    with pytest.raises(Malcoded, match="too long"):
        SOURCE.beside(packet(b"\x65" * 300), 1)

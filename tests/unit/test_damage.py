"""What ffmpeg says of a damaged source becomes sentences that a client understands."""

from __future__ import annotations

import pytest

from reelwright.media.ffmpeg.damage import Damage

PICTURE = "[vist#0:0/h264 @ 0x5652498a6740] [dec:h264 @ 0x565249806180] [warning] corrupt decoded frame"
SOUND = "[aist#0:1/aac @ 0x5652498a6740] [dec:aac @ 0x565249806180] [error] Decoding error: Invalid data"


def of_packet(stream: int, at: int | str, *, dropped: bool = True, source: int = 0) -> str:
    what = f"Packet corrupt (stream = {stream}, dts = {at})" + (", dropping it" if dropped else "")
    return f"[in#{source}/flv @ 0x5567ea21e080] [warning] {what}."


def test_what_cannot_be_decoded_is_counted_and_placed() -> None:
    """By frames and by packets of sound; where the first was is said once the output has begun."""
    damage = Damage({})
    assert damage.note(PICTURE, 7.4)
    assert damage.warnings(0) == [
        "1 frame of the video could not be decoded whole, the first after about 7 s of the output: damaged or left out"
    ]
    assert [damage.note(line, 9.0) for line in (SOUND, SOUND, "[h264 @ 0x1] [error] mmco: unref short failure")] == [
        *(True, True, False)
    ]
    (said,) = damage.warnings(0)
    assert said.startswith("1 frame and 2 packets of sound of the video could not be decoded whole, the first after")


@pytest.mark.parametrize(
    "line",
    [
        "[h264 @ 0x5652498d4a40] [error] error while decoding MB 0 2, bytestream 1555",
        "[hevc @ 0x55a09f594080] [warning] Skipping invalid undecodable NALU: 1",
    ],
)
def test_what_a_decoder_says_of_parts_of_a_frame_is_damage_of_one(line: str) -> None:
    """Whether ffmpeg calls the frame corrupt as well, or does not come to it."""
    damage = Damage({})
    assert [damage.note(line, 0.0), damage.note(line, 0.0)] == [True, True]
    told = ["1 frame of the video could not be decoded whole: damaged or left out"]
    assert damage.warnings(0) == told
    damage.note(PICTURE, 0.0)
    assert damage.warnings(0) == told
    assert not damage.note("[hevc @ 0x55a09f594080] [warning] Skipping invalid undecodable NALU: 32", 0.0)


def test_what_is_left_out_is_told_where_it_is_needed() -> None:
    """Each packet before the end of what is wanted of its stream, or of no known time; no failure by itself."""
    damage = Damage({0: 100, 1: 1000})
    lines = [of_packet(0, 99), of_packet(0, 100), of_packet(1, "NOPTS"), of_packet(1, 999), of_packet(1, 1001)]
    assert not any(damage.note(line, 0.0) for line in lines)
    assert damage.warnings(0) == [
        "the video is cut off or damaged within 1 frame and 2 packets of sound that had to be left out"
    ]


def test_a_mark_on_what_is_kept_is_told_once() -> None:
    """Of a broadcast the same packet is called damaged each time that it is read."""
    damage = Damage({0: 100})
    for stream, at in ((0, 50), (0, 50), (0, 200), (1, 7)):
        assert not damage.note(of_packet(stream, at, dropped=False), 0.0)
    assert damage.warnings(0) == [
        "the video lacks something within 1 frame and 1 packet of sound, unless recordings were put together there"
    ]


def test_what_another_source_lacks_is_told() -> None:
    """Of whichever stream, whether it is left out or not."""
    damage = Damage({0: 100})
    damage.note(of_packet(0, 500, source=12), 0.0)
    assert damage.warnings(0) == [
        "another source is cut off or damaged within 1 packet: something may be missing there"
    ]
    damage.note(of_packet(1, 500, dropped=False, source=2), 0.0)
    assert "within 2 packets:" in damage.warnings(0)[0]

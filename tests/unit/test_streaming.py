"""Adaptive streaming as it is planned and told of, without a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits import ladder
from reelwright.edits.codecs import Codec, Container
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.language_tags import tag_of
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import Ladder
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.streaming import Streaming
from reelwright.errors import InvalidInput
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.packaging import hls
from reelwright.media.packaging.bandwidth import peak_bit_rate
from reelwright.media.packaging.codec_strings import codec_name
from reelwright.media.packaging.fragmented_mp4 import Fragments, Segment, indexed
from reelwright.media.packaging.presentation import AudioRendition, Presentation, VideoRendition
from reelwright.media.recipes.compile import compile_plan
from tests.support.media_info import media

CAPABILITIES = Capabilities(ffmpeg_version="9.0", threads=4, tone_mapping=True)


def plan(
    wish: Streaming | None, *, info: MediaInfo | None = None, codec: Codec = "h264", container: Container = "mp4"
) -> Plan:
    wanted = Ladder(
        qualities=(Quality.P720, Quality.P240),
        codec=codec,
        container=container,
        streaming=wish,
    )
    outputs = ladder.outputs(wanted, (1280, 720))
    return resolve(transcode(outputs, (), wish), Facts(sha256="0" * 64, media=info or media(tracks=2)))


def test_every_file_is_promised() -> None:
    """One media file and one playlist a stream; sound is the first rendition's."""
    assert [file.name for file in plan(Streaming(hls=True, dash=True)).files] == [
        *("master.m3u8", "v0.m3u8", "v1.m3u8", "a0.m3u8", "a1.m3u8", "manifest.mpd"),
        *("v0.mp4", "v1.mp4", "a0.mp4", "a1.mp4"),
    ]
    assert [file.name for file in plan(Streaming(hls=False, dash=True), info=media(tracks=0)).files] == [
        *("manifest.mpd", "v0.mp4", "v1.mp4")
    ]
    assert plan(None).files == ()


def test_other_containers_are_refused() -> None:
    """By the field that is wrong."""
    with pytest.raises(InvalidInput) as refused:
        plan(Streaming(), codec="vp9", container="webm")
    assert [error.pointer for error in refused.value.errors] == ["/container"]


@pytest.mark.parametrize("codec", ["h264", "hevc", "vp9", "av1"])
def test_key_frames_lie_at_borders_and_nowhere_else(codec: Codec) -> None:
    """In all renditions alike; without streaming, encoders place them as they like."""
    streamed, plain = (
        compile_plan(plan(wish, codec=codec), CAPABILITIES).commands[0].arguments
        for wish in (Streaming(segment_s=6), None)
    )
    borders = "expr:isnan(prev_forced_t)+gt(floor((t+0.0005)/6),floor((prev_forced_t+0.0005)/6))"
    assert streamed.count(borders) == 2
    assert streamed.count("1000000") == (4 if codec == "vp9" else 2)
    assert "-force_key_frames" not in plain
    assert "-g" not in plain


def test_packaging_copies_what_was_made() -> None:
    """A second command reads the renditions: each picture by itself, each track of the first."""
    first, second = compile_plan(plan(Streaming(), info=media()), CAPABILITIES).commands
    assert first.weight > 10 * second.weight
    arguments = " ".join(second.arguments)
    read_back = [f"-protocol_whitelist file -f mov -i <out{number}>" for number in (0, 1)]
    copied = "-c copy -map_metadata -1 -map_chapters -1 -fflags +bitexact"
    flags = "-movflags +dash+delay_moov+skip_sidx+skip_trailer"
    ends = "-brand cmfc -f mp4"
    assert arguments.endswith(
        " ".join(
            [
                *read_back,
                f"-map 0:v:0 {copied} {flags}+frag_keyframe {ends} <v0.fragments>",
                f"-map 1:v:0 {copied} {flags}+frag_keyframe {ends} <v1.fragments>",
                f"-map 0:a:0 {copied} {flags} -frag_duration 4000000 {ends} <a0.fragments>",
            ]
        )
    )


def fragments(name: str, codec: str, *segments: tuple[int, str]) -> Fragments:
    """Of segments with so many bytes and seconds."""
    found, offset = [], 900
    for size_bytes, lasts in segments:
        found.append(Segment(offset, size_bytes, Fraction(lasts)))
        offset += size_bytes
    return Fragments(name, codec, 800, 900, Fraction(0), tuple(found))


def test_the_master_playlist() -> None:
    """What a player needs in order to choose; two tracks of a language do not compete."""
    picture = fragments("v0.mp4", "avc1.64001f", (500_000, "4.004"), (1_001_000, "4.004"), (1_000, "0.5"))
    sound = fragments("a0.mp4", "mp4a.40.2", (64_000, "4"), (64_000, "4"), (8_000, "0.5"))
    sounds = tuple(
        AudioRendition(sound, channels=2, sample_rate=48000, language=language, default=number == 1)
        for number, language in enumerate(("eng", "deu", "ger", None))
    )
    shown = VideoRendition(picture, 1280, 720, Fraction(30000, 1001), "smpte2084")
    assert hls.master(Presentation((shown,), sounds)).split("\n") == [
        *("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"),
        *(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",{told},CHANNELS="2",URI="a0.m3u8"'
            for told in (
                'NAME="en",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES',
                'NAME="de",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES',
                'NAME="de 2",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=NO',
                'NAME="und",DEFAULT=NO,AUTOSELECT=YES',
            )
        ),
        "#EXT-X-STREAM-INF:BANDWIDTH=2128000,AVERAGE-BANDWIDTH=1540318,"
        'CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,VIDEO-RANGE=PQ,AUDIO="audio"',
        *("v0.m3u8", ""),
    ]


def test_a_media_playlist() -> None:
    """Ranges of one file, after its header; durations to the microsecond."""
    assert hls.media_playlist(fragments("v0.mp4", "", (10, "4.004"), (5, "1/3")), 4).split("\n") == [
        *("#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-TARGETDURATION:4"),
        *("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"),
        '#EXT-X-MAP:URI="v0.mp4",BYTERANGE="800@0"',
        *("#EXTINF:4.004000,", "#EXT-X-BYTERANGE:10@900", "v0.mp4"),
        *("#EXTINF:0.333333,", "#EXT-X-BYTERANGE:5@910", "v0.mp4"),
        *("#EXT-X-ENDLIST", ""),
    ]


@pytest.mark.parametrize(
    ("segments", "target_s", "peak"),
    [
        ([(100, "4"), (300, "4"), (100, "4")], 4, 600),
        ([(100, "4"), (900, "1")], 4, 1600),  # too short to count alone
        ([(100, "1")], 4, 800),
        ([(100, "3"), (1, "1")], 4, 267),
    ],
)
def test_the_peak_is_that_of_any_run_near_the_target(segments: list[tuple[int, str]], target_s: int, peak: int) -> None:
    """As RFC 8216, 4.3.4.2, counts it, rounded up."""
    assert peak_bit_rate(fragments("v0.mp4", "", *segments).segments, target_s) == peak


def test_languages_are_named_as_players_do() -> None:
    """By two letters where there are, whichever three the file has."""
    assert [tag_of(code) for code in ("eng", "hin", "ger", "deu", "fil", None)] == [
        "en",
        "hi",
        "de",
        "de",
        "fil",
        "und",
    ]


def box(name: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return (8 + len(data)).to_bytes(4, "big") + name.encode() + data


@pytest.mark.parametrize(
    ("kind", "configuration", "name"),
    [
        ("avc1", box("avcC", bytes.fromhex("0142c01effe1")), "avc1.42c01e"),
        ("hvc1", box("hvcC", bytes.fromhex("010160000000b000000000005d")), "hvc1.1.6.L93.B0"),
        ("hvc1", box("hvcC", bytes.fromhex("0122200000009000000000007b")), "hvc1.2.4.H123.90"),
        ("vp09", box("vpcC", bytes.fromhex("01000000021fa2020202")), "vp09.02.31.10"),
        ("av01", box("av1C", bytes.fromhex("81084c00")), "av01.0.08M.10"),
        ("av01", box("av1C", bytes.fromhex("8129ec00")), "av01.1.09H.12"),
    ],
)
def test_codecs_have_their_registered_names(kind: str, configuration: bytes, name: str) -> None:
    """RFC 6381 and each codec's own binding."""
    assert codec_name(bytes(8) + box(kind, bytes(78), configuration)) == name


def esds(*kind: int) -> bytes:
    """An elementary stream's descriptor (ISO/IEC 14496-1, 7.2.6): what its decoder is."""
    decoder = bytes((*kind[:1], *bytes(12), *kind[1:]))
    return box("esds", bytes(4), bytes((3, 3 + 2 + len(decoder), 0, 1, 0, 4, len(decoder))), decoder)


def test_kinds_of_sound_have_their_registered_names() -> None:
    for kind, name in (((0x40, 5, 2, 0x12, 0x10), "mp4a.40.2"), ((0x6B,), "mp4a.6b")):
        assert codec_name(bytes(8) + box("mp4a", bytes(28), esds(*kind))) == name
    for broken in (box("mp4a", bytes(28), esds(0x40, 6, 0)), box("av01", bytes(78), box("av1C", b"\x81"))):
        with pytest.raises(ValueError, match=r"missing|not known"):
            codec_name(bytes(8) + broken)


@given(st.binary(max_size=200), st.sampled_from(["avc1", "hvc1", "vp09", "av01", "mp4a", "none"]))
def test_what_is_no_codec_is_a_value_error(data: bytes, kind: str) -> None:
    """Whatever lies in the box."""
    try:
        codec_name(bytes(8) + box(kind, data))
    except ValueError:
        return
    assert kind != "none"


@given(data=st.binary(max_size=300), head=st.booleans())
def test_what_is_no_fragmented_file_is_a_value_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bool
) -> None:
    """Random bytes, also in the boxes that there should be."""
    folder = tmp_path_factory.getbasetemp()
    path, target = folder / "broken.fragments", folder / "broken.mp4"
    path.write_bytes(box("ftyp", b"cmfc") + box("moov", data) + box("moof", data) if head else data)
    target.unlink(missing_ok=True)
    with pytest.raises(ValueError):  # noqa: PT011
        indexed(path, target, longest_rest_s=Fraction(0))


SECOND = 1000


def moov(*, edit: bytes = b"") -> bytes:
    """Of one track of H.264, in milliseconds."""
    entry = box("avc1", bytes(78), box("avcC", bytes.fromhex("0142c01effe1")))
    table = box("minf", box("stbl", box("stsd", bytes(8), entry)))
    times = box("mdhd", bytes(12), SECOND.to_bytes(4), bytes(8))
    return box("moov", box("trak", edit, box("mdia", times, table)))


def segment(begin: int, durations: list[int], *, content: bytes = b"pictures") -> bytes:
    """Of frames that begin then and last so long."""
    run = box("trun", bytes((0, 0, 1, 0)), len(durations).to_bytes(4), *(one.to_bytes(4) for one in durations))
    header = box("traf", box("tfhd", bytes(8)), box("tfdt", bytes(4), begin.to_bytes(4)), run)
    return box("moof", header) + box("mdat", content)


START = box("ftyp", b"cmfc") + moov()
FIRST = segment(0, [SECOND] * 2)


@pytest.mark.parametrize("rest", [b"", segment(2 * SECOND, [SECOND // 10])])
def test_segments_are_found_where_they_are_shown(tmp_path: Path, rest: bytes) -> None:
    """What is left over at the end is no segment of its own."""
    path = tmp_path / "v0.fragments"
    path.write_bytes(START + FIRST + rest)
    found = indexed(path, tmp_path / "v0.mp4", longest_rest_s=Fraction(1, 10))
    assert found.codec == "avc1.42c01e"
    assert [one.duration_s for one in found.segments] == [Fraction(21, 10) if rest else 2]
    assert found.densest_rate == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (START, "cannot hold its segments"),
        (START + segment(0, []), "a segment is empty"),
        (START + segment(0, [0]), "not shown after the one that it follows"),
        (START + FIRST + FIRST, "not shown after the one that it follows"),
        (START + box("free", b"x"), "'free' box of 9 bytes where a segment should begin"),
        (START + FIRST[:-1], "a segment is cut short"),
        (START + FIRST + b"moof", "it ends too early"),
        (START + box("moof", box("traf", box("tfdt", b"x"))), "a box is too short"),
        (
            box("ftyp", b"cmfc") + moov(edit=box("edts", box("elst", bytes(4), (2).to_bytes(4), bytes(24)))) + FIRST,
            "does not begin at time zero",
        ),
    ],
)
def test_what_cannot_be_streamed_is_said(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "v0.fragments"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        indexed(path, tmp_path / "v0.mp4", longest_rest_s=Fraction(0))

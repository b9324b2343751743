"""A cut that copies is exact: each frame once, at its time, copied ones bit for bit, the sound in step."""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from av.sidedata.sidedata import SideDataContainer

from reelwright.edits.codecs import COPIED_INTO
from reelwright.edits.edit import Edit, overlay, trim
from reelwright.edits.layers import ImageLayer
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import PlannedTrim, splicing
from reelwright.edits.splice_structs import CutMode, Splice, SpliceRefusal
from reelwright.edits.steps.keep_and_cut import Interval, KeepStep
from reelwright.errors import InvalidInput, JobFailed, UnreadableMedia, UnsupportedMedia
from reelwright.media.probe.prober import Prober
from reelwright.media.splicing.requests import SurveyRequest
from reelwright.media.splicing.splicer import SpliceFailed, Splicer
from tests.support import footage, frame_judge, recipes, splices
from tests.support.footage import Footage
from tests.support.media_files import ffmpeg
from tests.support.recipes import Layer

HDR10 = {"video": "hevc", "pixel_format": "yuv420p10le", "hdr": "smpte2084"}
PRORES = {"video": "prores", "container": "mov", "pixel_format": "yuv422p10le", "audio_codec": "pcm_s24le"}
DNXHR = {"video": "dnxhd", "container": "mov", "pixel_format": "yuv422p10le", "audio_codec": "pcm_s16le"} | {
    "size": (256, 144)  # DNxHR knows none under 256x120
}
MJPEG = {"video": "mjpeg", "container": "mov", "pixel_format": "yuvj422p", "audio_codec": "pcm_s16le"}
"""Codecs of which every frame is a key frame."""
KINDS: Mapping[str, dict[str, Any]] = {
    "plain": {},
    "no b": {"b_frames": 0},
    "pyramid": {"b_frames": 8, "frame_rate": "30"},
    "29.97": {"frame_rate": "30000/1001", "keyframe_every": 30},
    "variable": {"variable": True, "seconds": 8},
    "ten bits": {"pixel_format": "yuv420p10le"},
    "4:2:2": {"pixel_format": "yuv422p"},
    "interlaced": {"interlaced": True},
    "rotated": {"rotation": 90},
    "wide pixels": {"sample_aspect_ratio": "4/3"},
    "wide pixels, hevc": {"sample_aspect_ratio": "4/3", "video": "hevc"},
    "fragmented": {"mux_options": ("-movflags", "frag_keyframe+empty_moov")},
    "mov": {"container": "mov"},
    "mkv": {"container": "mkv"},
    "transport stream": {"container": "ts"},
    "m2ts": {"container": "m2ts"},
    "transport stream, hevc": {"container": "ts", "video": "hevc", "open_gop": True},
    "two tracks": {"audio": 2, "languages": ("eng", "deu")},
    "no sound": {"audio": 0},
    "late sound": {"audio_delay_s": 0.5},
    "hevc": {"video": "hevc"},
    "hevc open gop": {"video": "hevc", "open_gop": True, "b_frames": 4},
    "hevc ten bits": {"video": "hevc", "pixel_format": "yuv420p10le"},
    "hdr10": HDR10,
    "hdr10 open gop": HDR10 | {"open_gop": True, "b_frames": 4},
    "hdr10 transport stream": HDR10 | {"container": "ts"},
    "hlg": HDR10 | {"hdr": "arib-std-b67"},
    "prores": PRORES,
    "prores 4444": PRORES | {"pixel_format": "yuva444p10le", "frame_rate": "30000/1001"},
    "prores interlaced": PRORES | {"interlaced": True},
    "prores mxf": PRORES | {"container": "mxf"},
    "prores mkv": PRORES | {"container": "mkv"},
    "dnxhr": DNXHR,
    "dnxhr mxf": DNXHR | {"container": "mxf"},
    "dnxhr mkv": DNXHR | {"container": "mkv"},
    "mjpeg": MJPEG,
    "mjpeg variable": MJPEG | {"variable": True, "seconds": 8},
    "mjpeg avi": MJPEG | {"container": "avi"},
    "mjpeg mp4": MJPEG | {"container": "mp4", "audio_codec": "aac"},
}
FEW = (
    "plain",
    "variable",
    "interlaced",
    "rotated",
    "fragmented",
    "mkv",
    "transport stream",
    "two tracks",
    "hevc open gop",
    "prores 4444",
    "dnxhr mxf",
    "mjpeg avi",
)
"""That are cut each time."""


def of_kind(name: str) -> Footage:
    return footage.make(**({"seconds": 4, "keyframe_every": 25} | KINDS[name]))


def edit_of(start: Fraction, end: Fraction, codec: Any = "h264") -> Edit:
    if codec in COPIED_INTO:
        return trim(float(start), float(end), FileOutput(like_source=True))
    return trim(float(start), float(end), FileOutput(video=VideoEncoding(codec=codec)))


async def look(prober: Prober, splicer: Splicer, source: Footage, start: Fraction, end: Fraction, target: Path) -> None:
    codec = (await prober.probe(source.path)).main_video.codec
    made = await splices.cut(prober, splicer, edit_of(start, end, codec), source.path, target)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    splices.judge(source.path, target, made)
    for track in range(len(made.plan.inputs[0].media.audio)):
        frame_judge.judge_sync(source, target, start, end, track=track, within_s=0.0015)


@pytest.mark.few(6)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FEW else [pytest.mark.slow]) for name in KINDS]
)
async def test_cuts_that_copy_are_exact(prober: Prober, splicer: Splicer, tmp_path: Path, name: str) -> None:
    """Between key frames, both ends; or up to one that is decoded before frames which are shown before it."""
    end = Fraction(3) if name == "hevc open gop" else Fraction("3.333")
    await look(prober, splicer, of_kind(name), Fraction("0.717"), end, tmp_path / "work" / "out.mp4")


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", KINDS)
async def test_any_cut_that_copies_is_exact(prober: Prober, splicer: Splicer, tmp_path: Path, name: str) -> None:
    """Wherever it begins and ends; what is refused is so by a rule."""
    chance, source, made = random.Random(name), of_kind(name), 0
    length = float(source.frame_times_s[-1])
    codec = (await prober.probe(source.path)).main_video.codec
    for number in range(200):
        start = Fraction(round(chance.uniform(0, length - 0.2), 3)).limit_denominator(1000)
        end = Fraction(round(chance.uniform(float(start) + 0.1, length), 3)).limit_denominator(1000)
        target = tmp_path / f"work{number}" / "out.mp4"
        result = await splices.cut(prober, splicer, edit_of(start, end, codec), source.path, target)
        if isinstance(result, SpliceRefusal):
            assert result.reason in ("key_frame", "edges"), result
            continue
        made += 1
        assert result.proven.wrong == ()
        splices.judge(source.path, target, result)
    assert made > 60


@pytest.mark.slow
async def test_hdr_is_said_of_frames_at_the_edges_too(prober: Prober, splicer: Splicer, tmp_path: Path) -> None:
    """By which screen it was graded, how bright it is at most, where its chroma lies: of each frame that is shown."""
    source, target = of_kind("hdr10"), tmp_path / "work" / "out.mp4"
    start, end = Fraction("0.717"), Fraction("3.333")
    made = await splices.cut(prober, splicer, edit_of(start, end, "hevc"), source.path, target, "auto")
    assert not isinstance(made, SpliceRefusal), made
    assert made.joined.encoded > 0
    assert made.proven.wrong == ()
    splices.judge(source.path, target, made)
    there, here = graded(source.path), graded(target)
    assert len(there) == 1
    assert {kind for kind, _ in next(iter(there))[:2]} == {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"}
    assert here == there


def beside(frame: av.VideoFrame) -> SideDataContainer:
    assert isinstance(frame.side_data, SideDataContainer)  # av types it as one of those that it has
    return frame.side_data


def graded(path: Path) -> set[tuple[Any, ...]]:
    """What is said of frames."""
    with av.open(str(path)) as opened:
        return {
            (
                *sorted((one.type.name, bytes(one)) for one in beside(frame) if not one.type.name.startswith("SEI")),
                *(frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range),
            )
            for frame in opened.decode(video=0)
        }


@pytest.mark.slow
async def test_a_clock_that_wraps_around_is_followed(prober: Prober, splicer: Splicer, tmp_path: Path) -> None:
    """That of transport streams does so after 26.5 hours: here, within the cut."""
    path, source = tmp_path / "late.ts", of_kind("transport stream")
    wraps_after_s = 2.5
    offset = str(2**33 / 90_000 - wraps_after_s - 1.4)
    ffmpeg("-i", str(source.path), "-map", "0", "-c", "copy", "-output_ts_offset", offset, "-f", "mpegts", str(path))
    target = tmp_path / "work" / "out.mp4"
    made = await splices.cut(prober, splicer, edit_of(Fraction("0.717"), Fraction("3.333")), path, target)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    splices.judge(path, target, made)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("wide pixels", ("-aspect", "71:40")),
        ("prores", ("-aspect", "71:40")),
        ("wide pixels, hevc", ("-aspect", "71:40", "-tag:v", "hvc1")),
        (
            "plain",
            ("-bsf:v", "h264_metadata=colour_primaries=5:transfer_characteristics=6:matrix_coefficients=5"),
        ),
    ],
    ids=["shape", "shape, prores", "shape, hevc", "colours"],
)
async def test_a_container_may_say_other_things_of_the_picture_than_the_stream(
    prober: Prober, splicer: Splicer, tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    """Frames at the edges are coded as the stream says, and the result's container says what the source's does."""
    source, target = of_kind(kind), tmp_path / "work" / "out.mp4"
    path = source.path.with_name(f"told {zlib.crc32(repr((kind, options)).encode())}.mov")
    told = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
    ffmpeg("-i", str(source.path), "-map", "0", "-c", "copy", *told, *options, "-y", str(path))
    media = await prober.probe(path)
    edit = edit_of(Fraction("0.717"), Fraction("3.333"), media.main_video.codec)
    made = await splices.cut(prober, splicer, edit, path, target)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    splices.judge(path, target, made)
    before, after = media.main_video, (await prober.probe(target)).main_video
    assert before.sample_aspect_ratio == after.sample_aspect_ratio
    assert before.color_primaries == after.color_primaries


async def test_many_intervals_are_joined(prober: Prober, splicer: Splicer, tmp_path: Path) -> None:
    """Each with edges of its own; the sound is coded, in one piece, and in step behind every seam."""
    source = footage.make(seconds=12, keyframe_every=12, size=(320, 180))
    kept = [(Fraction("0.52"), Fraction("2.2")), (Fraction(4), Fraction("6.6")), (Fraction("7.72"), Fraction("11.4"))]
    steps = (KeepStep(intervals=tuple(Interval(start=float(one), end=float(two)) for one, two in kept)),)
    target = tmp_path / "work" / "out.mp4"
    made = await splices.cut(prober, splicer, Edit(steps=steps), source.path, target)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    splices.judge(source.path, target, made)
    at, wanted = Fraction(0), []
    for start, end in kept:
        whole = [second for second in range(13) if start <= second and second + Fraction("0.04") < end]
        wanted += [float(at + second - start) for second in whole]
        at += end - start
    found = frame_judge.beep_offsets_s(target)
    assert found == pytest.approx(wanted, abs=0.0015)


async def test_a_copy_begins_and_ends_where_it_can(prober: Prober, splicer: Splicer, tmp_path: Path) -> None:
    """At the nearest key frame; it says how far off that is."""
    source, target = of_kind("plain"), tmp_path / "work" / "out.mp4"
    made = await splices.cut(prober, splicer, edit_of(Fraction("0.9"), Fraction("3.5")), source.path, target, "copy")
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    splices.judge(source.path, target, made)
    assert made.joined.encoded == 0
    (warning,) = made.plan.warnings
    assert "begins 0.080 s later" in warning
    assert abs(Fraction(made.plan.outputs[0].duration_s) - Fraction("2.5")) <= Fraction("0.12")
    short = await splices.planned(prober, splicer, edit_of(Fraction("1.2"), Fraction("1.8")), source.path, "copy")
    (step,) = short.steps
    assert isinstance(step, PlannedTrim)
    assert (step.start_s, step.end_s) == ("1", "9/5")


async def test_a_packet_that_is_not_the_sources_is_found_wherever_it_lies(
    prober: Prober, splicer: Splicer, tmp_path: Path
) -> None:
    """Far from every seam, where nothing is decoded; of the sound as well. Round the seams, frames are found that are
    coded otherwise, or are of another time."""
    source, target = of_kind("plain"), tmp_path / "work" / "out.mp4"
    made = await splices.cut(prober, splicer, edit_of(Fraction("0.717"), Fraction("3.9")), source.path, target)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    ticks = round(Fraction("0.2") / made.splice.tick)
    earlier = tuple(interval.later(-ticks) for interval in made.proving.intervals)
    for path, intervals, wrong in (
        (footage.make(seconds=4, keyframe_every=50).path, made.proving.intervals, "the copied frame at .* is not the"),
        (source.path, earlier, "the frame at .* is unlike the source's"),
    ):
        request = msgspec.structs.replace(made.proving, intervals=intervals)
        proven = await splicer.prove(path, target, request, wall_s=60, report=lambda _: None)
        assert len(proven.wrong) == 3
        assert all(re.match(wrong, one) for one in proven.wrong)
    content = target.read_bytes()
    for stream in (0, 1):
        with av.open(str(target)) as opened:
            packets = [packet for packet in opened.demux(opened.streams[stream]) if packet.size]
        packet = packets[len(packets) // 2]
        assert packet.pos is not None
        changed, last = bytearray(content), packet.pos + packet.size - 1
        changed[last] ^= 1
        target.write_bytes(changed)
        proven = await splicer.prove(source.path, target, made.proving, wall_s=60, report=lambda _: None)
        assert proven.wrong == ("its packets are not those that were joined",)


@pytest.mark.parametrize("codec", ["vp9", "av1"])
@pytest.mark.slow
async def test_vp9_and_av1_are_copied_from_a_key_frame_on(
    prober: Prober, splicer: Splicer, tmp_path: Path, codec: str
) -> None:
    """To any frame, exactly; from any other frame on they are coded anew."""
    source = footage.make(video=codec, container="webm", seconds=4, keyframe_every=25)
    target = tmp_path / "work" / "out.mp4"
    made = await splices.cut(prober, splicer, edit_of(Fraction(1), Fraction("3.32"), codec), source.path, target)
    assert not isinstance(made, SpliceRefusal), made
    assert made.proven.wrong == ()
    assert made.joined.encoded == 0
    splices.judge(source.path, target, made)
    plan = await splices.planned(prober, splicer, edit_of(Fraction("1.2"), Fraction(3), codec), source.path, "smart")
    assert isinstance(plan.splice, Splice)
    assert plan.splice.refused is not None
    assert plan.splice.refused.reason == "key_frame"


@pytest.mark.parametrize(
    ("source", "mode", "reason"),
    [
        ({"open_gop": True}, "smart", "key_frame"),
        ({"open_gop": True}, "copy", "key_frame"),
        ({"keyframe_every": 250}, "smart", "key_frame"),
        ({"container": "avi", "video": "mpeg4"}, "smart", "output"),
        ({"pixel_format": "yuv420p10le"}, "auto", "format"),
        ({"keyframe_every": 50, "seconds": 4}, "smart", "edges"),
    ],
)
async def test_what_cannot_be_copied_is_refused_by_name(
    prober: Prober, splicer: Splicer, source: dict[str, Any], mode: Any, reason: str
) -> None:
    """Never by luck."""
    made = footage.make(**({"seconds": 3, "keyframe_every": 25} | source))
    edit = edit_of(Fraction("1.1"), Fraction("2.3"))
    plan = await splices.planned(prober, splicer, edit, made.path, mode)
    assert isinstance(plan.splice, Splice)
    assert plan.splice.refused is not None
    assert plan.splice.refused.reason == reason
    assert (splicing.exactly(plan.splice.refused, plan) in plan.warnings) == (mode != "auto")


async def test_what_cannot_be_read_is_refused_as_damaged(splicer: Splicer, tmp_path: Path) -> None:
    """And what a container holds in another way than MP4 is not copied from there."""
    broken, other = tmp_path / "broken.mp4", tmp_path / "other.flv"
    broken.write_bytes(of_kind("plain").path.read_bytes()[:5000])
    ffmpeg("-i", str(of_kind("plain").path), "-map", "0", "-c", "copy", str(other))
    request = SurveyRequest(video_stream=0, intervals=((0, 10),), chosen="smart", touched=())
    for path, reason in ((broken, "damaged"), (other, "container")):
        survey = await splicer.survey(path, request)
        assert survey.refused is not None
        assert survey.refused.reason == reason


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 12), *(pytest.param(seed, 200, marks=pytest.mark.soak) for seed in range(2, 12))]
)
@pytest.mark.slow
async def test_mutants_are_joined_exactly_or_not_at_all(
    prober: Prober, splicer: Splicer, tmp_path: Path, patch: Path, seed: int, count: int
) -> None:
    """Whatever a file became: its index, its packets at the seams, its end. Nothing but a refusal comes out, or what
    was proven; the program that joins outlives them all. Cuts, and windows that something is laid over in."""
    chance, source = random.Random(seed), footage.make(seconds=3, keyframe_every=12)
    content = source.path.read_bytes()
    cut, laid = edit_of(Fraction("0.3"), Fraction("2.7")), overlay((ImageLayer(image_path="a", start=1, end=1.3),))
    drawn = [recipes.drawn(patch)]
    asked: tuple[tuple[Edit, CutMode, list[Layer]], ...] = (
        (cut, "smart", []),
        (cut, "copy", []),
        (laid, "smart", drawn),
    )
    ended = {"refused": 0, "failed": 0, "made": 0}
    for number in range(count):
        mutant = tmp_path / f"mutant{number}.mp4"
        mutant.write_bytes(mutated(content, chance))
        target = tmp_path / f"work{number}" / "out.mp4"
        try:
            edit, mode, layers = chance.choice(asked)
            made = await splices.cut(prober, splicer, edit, mutant, target, mode, layers)
        except (UnreadableMedia, UnsupportedMedia, InvalidInput):
            ended["refused"] += 1
        except (SpliceFailed, JobFailed):
            ended["failed"] += 1
        else:
            if isinstance(made, SpliceRefusal):
                ended["refused"] += 1
                continue
            ended["made"] += 1
            if not made.proven.wrong:
                with av.open(str(target)) as opened:
                    packets = [packet for packet in opened.demux(video=0) if packet.size]
                assert len(packets) == made.joined.copied + made.joined.encoded
    assert sum(ended.values()) == count
    assert ended["made"] > 0


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, anywhere or in the index; or the file cut off."""
    changed, index = bytearray(content), content.find(b"moov")
    kind = chance.choice(("anywhere", "index", "end", "many"))
    if kind == "end":
        return bytes(changed[: chance.randrange(len(changed) // 2, len(changed))])
    places = range(index, len(changed)) if kind == "index" and index > len(changed) // 2 else range(64, len(changed))
    for _ in range(40 if kind == "many" else chance.randrange(1, 4)):
        changed[chance.choice(places)] = chance.randrange(256)
    return bytes(changed)

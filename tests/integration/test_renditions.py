"""Renditions: each is what a run of its own would have made, of any kind of source."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from reelwright.edits.codecs import AudioCodec, Codec, Container
from reelwright.edits.edit import transcode
from reelwright.edits.kinds_and_states import Quality
from reelwright.edits.ladder import default_crf
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import AudioEncoding, FileOutput, Preset, VideoEncoding
from reelwright.edits.plan import Plan
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe.prober import Prober
from reelwright.settings import Settings
from tests.support import footage, frame_judge, recipes
from tests.support.media_files import ffmpeg
from tests.support.source_kinds import of_kind, some_slow, tracks

WHOLE = Fraction(0), Fraction(100)
P360, P240 = Quality.P360, Quality.P240

SOURCES = (
    *("plain", "29.97", "vfr mp4", "late picture", "mpeg2 ts", "interlaced"),
    *("hevc 10 bit", "prores 10 bit", "odd 4:4:4", "portrait", "rotated", "anamorphic"),
    *("silent", "two tracks", "5.1"),
)
DECODED_ALIKE = ("vfr mkv", "hevc mkv", "webm vp9", "av1", "avi mpeg4", "wmv", "cover art")
"""What is done once they are decoded is done for the others, too; that they are decoded whole is shown by trims."""
MUCH_ALIKE = ("29.97", "mpeg2 ts", "prores 10 bit", "portrait", "silent")
"""Each is like one of the others in all that is heeded here: CI takes them."""


def output(
    quality: Quality,
    *,
    codec: Codec = "h264",
    container: Container = "mp4",
    audio: AudioCodec = "aac",
    preset: Preset = "superfast",
) -> FileOutput:
    return FileOutput(
        quality=quality,
        container=container,
        video=VideoEncoding(codec=codec, preset=preset, crf=default_crf(codec, quality, (320, 180))),
        audio=AudioEncoding(codec=audio),
    )


async def make(
    prober: Prober, source: Path, folder: Path, *outputs: FileOutput, settings: Settings = recipes.SETTINGS
) -> tuple[Plan, list[MediaInfo]]:
    targets = [folder / f"out{number}.{one.container}" for number, one in enumerate(outputs)]
    made = await recipes.edited(prober, transcode(outputs), source, *targets, settings=settings)
    return made.plan, list(made.outputs)


@pytest.mark.few(4)
@pytest.mark.parametrize("name", some_slow((*SOURCES, *DECODED_ALIKE), (*MUCH_ALIKE, *DECODED_ALIKE)))
async def test_any_source(prober: Prober, tmp_path: Path, name: str) -> None:
    """Every frame, at its time, upright and in square pixels, fitted into the box; every track, in step."""
    # a field has half of the lines, too few in what is so small to look like the whole
    source = of_kind(name, **({"size": (320, 180)} if name == "interlaced" else {}))
    work = tmp_path / "work"
    _, made = await make(prober, source.path, work, output(Quality.SOURCE), output(P240))
    shown = (await prober.probe(source.path)).main_video
    for number, media in enumerate(made):
        target, picture = work / f"out{number}.mp4", media.main_video
        frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.9)
        assert (picture.sample_aspect_ratio, picture.rotation, picture.field_order) == ("1/1", 0, "progressive")
        assert picture.width / picture.height == pytest.approx(shown.display_width / shown.display_height, rel=0.02)
        assert (picture.pixel_format, picture.codec) == ("yuv420p", "h264")
        assert picture.color_space is not None
        assert len(media.audio) == len(tracks(name))
        for track in tracks(name):
            frame_judge.judge_sync(source, target, *WHOLE, track=track)


@pytest.mark.parametrize(
    ("codec", "preset", "container"),
    [
        ("h264", "ultrafast", "mp4"),
        pytest.param("h264", "veryfast", "mp4", marks=pytest.mark.slow),
        ("hevc", "superfast", "mp4"),
        ("vp9", "ultrafast", "mkv"),
    ],
)
async def test_bursts_of_frames(
    prober: Prober, tmp_path: Path, codec: Codec, preset: Preset, container: Container
) -> None:
    """A screen recording, whose frames encoders reorder unevenly, is as long as it was. How long its last frame
    is shown is an encoder's guess."""
    source = tmp_path / "bursts.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=320x180:r=60:d=3", "-fps_mode", "vfr", "-c:v", "libx264"),
        *("-vf", "select='not(mod(n,7))+between(mod(n,20),0,3)'", str(source)),
    )
    wanted = output(P240, codec=codec, container=container, preset=preset)
    _, (made,) = await make(prober, source, tmp_path / "work", wanted)
    assert made.duration_s == pytest.approx((await prober.probe(source)).duration_s, abs=0.12)


@pytest.mark.parametrize(
    ("codec", "container"), [("h264", "mp4"), ("hevc", "mp4"), ("av1", "mp4"), ("vp9", "webm"), ("h264", "mkv")]
)
async def test_the_last_slide_is_shown_as_long_as_it_is_in_the_source(
    prober: Prober, tmp_path: Path, codec: Codec, container: Container
) -> None:
    """In a source that says of no frame how long it lasts."""
    source = footage.slides(tmp_path / "slides.flv", (0.0, 1.0, 2.0))
    audio: AudioCodec = "opus" if container == "webm" else "aac"
    asked = output(Quality.P240, codec=codec, container=container, audio=audio)
    plan, (made,) = await make(prober, source, tmp_path / "work", asked)
    assert mismatches(plan.outputs[0], made) == []
    assert made.duration_s == pytest.approx(3, abs=0.05)
    with av.open(str(tmp_path / "work" / f"out0.{container}")) as opened:
        assert [frame.time for frame in opened.decode(video=0)] == [0, 1, 2]


@pytest.mark.slow
async def test_renditions_equal_those_of_separate_runs(prober: Prober, tmp_path: Path) -> None:
    """One decode changes nothing: the coded packets are the same, byte by byte. x264 with several threads codes the
    same frames a little differently from run to run when the machine is busy; with one, never."""
    one_thread = Settings(ffmpeg_threads=1)
    source = of_kind("plain")
    rungs = [output(quality, preset="veryfast") for quality in (Quality.SOURCE, P360, P240)]
    await make(prober, source.path, tmp_path / "together", *rungs, settings=one_thread)

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as opened:
            return [bytes(packet) for packet in opened.demux(video=0)]

    for number, rung in enumerate(rungs):
        await make(prober, source.path, tmp_path / f"alone{number}", rung, settings=one_thread)
        together, alone = tmp_path / "together" / f"out{number}.mp4", tmp_path / f"alone{number}" / "out0.mp4"
        assert packets(together) == packets(alone)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("codec", "container", "audio"),
    [
        ("hevc", "mp4", "aac"),
        ("vp9", "webm", "opus"),
        ("av1", "webm", "opus"),
        pytest.param("av1", "mp4", "aac", marks=pytest.mark.slow),
        pytest.param("h264", "mkv", "aac", marks=pytest.mark.slow),
    ],
)
async def test_codecs_and_containers(
    prober: Prober, tmp_path: Path, codec: Codec, container: Container, audio: AudioCodec
) -> None:
    """Each with its frames, sound and colours; ten bits stay ten bits where the codec has them."""
    source = of_kind("hevc 10 bit")
    rungs = [output(quality, codec=codec, container=container, audio=audio) for quality in (Quality.SOURCE, P240)]
    _, made = await make(prober, source.path, tmp_path / "work", *rungs)
    for number, media in enumerate(made):
        target = tmp_path / "work" / f"out{number}.{container}"
        frame_judge.judge_cut(source, target, *WHOLE, min_ssim=0.8)
        frame_judge.judge_sync(source, target, *WHOLE)
        assert media.main_video.bit_depth == (8 if codec == "h264" else 10)
        assert (media.main_video.codec, media.audio[0].codec) == (codec, audio)

"""Media without a true index or header (live-written, cut off, with pauses): measured as they are, and cut exactly."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from reelwright.edits.edit import overlay, trim
from reelwright.edits.layers import TextLayer
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import Facts, ImageFacts, resolve
from reelwright.errors import InvalidInput
from reelwright.media.checks.header_and_length import mismatches
from reelwright.media.probe import packets, video_files
from reelwright.media.probe.prober import Prober, probe_rules
from tests.support import footage, frame_judge, recipes
from tests.support.footage import Footage
from tests.support.media_files import ffmpeg

RULES = probe_rules(recipes.SETTINGS)
SIZE, SECONDS = (160, 96), 8
LIVE = ("-live", "1")
PAUSE_AT_S, PAUSE_S = 14, 3


def live(folder: Path, container: str, *, audio: int) -> Footage:
    """Without a duration, without an index."""
    video = "vp8" if container == "webm" else "h264"
    return footage.make(container=container, video=video, size=SIZE, seconds=SECONDS, audio=audio,
        mux_options=LIVE,
    )  # fmt: skip


def whole(folder: Path, container: str) -> Footage:
    video = "mpeg2video" if container == "mpg" else "h264"
    return footage.make(container=container, video=video, size=SIZE, seconds=SECONDS)


def cut_off(source: Footage) -> Footage:
    """The first half of the bytes, and the frames that are left in it."""
    path = source.path.with_stem("cut_off")
    if not path.exists():
        index_first = ("-movflags", "+faststart") if path.suffix == ".mp4" else ()
        ffmpeg("-i", str(source.path), "-map", "0", "-c", "copy", *index_first, str(path))
        os.truncate(path, path.stat().st_size // 2)
    return Footage(path, source.frame_times_s[: len(frame_judge.read(path))])


def paused(folder: Path, container: str) -> Footage:
    """A silent picture that stands still for PAUSE_S, later than a sample of its first frames would tell."""
    even = footage.make(container="mkv", size=SIZE, seconds=PAUSE_AT_S + 2, audio=0, b_frames=0, keyframe_every=25)
    path = folder / f"paused.{container}"
    if not path.exists():
        later = f"setts=ts=TS+gte(TS\\,{PAUSE_AT_S}/TB)*{PAUSE_S}/TB"
        ffmpeg(
            "-i",
            str(even.path),
            "-c",
            "copy",
            "-bsf:v",
            later,
            *(LIVE if container == "webm" else ()),
            "-f",
            "matroska",
            str(path),
        )
    times = (time + PAUSE_S * (time >= PAUSE_AT_S) for time in even.frame_times_s)
    return Footage(path, tuple(times))


async def make(
    media: MediaInfo, prober: Prober, source: Path, start: Fraction, end: Fraction, work: Path
) -> tuple[Path, list[str]]:
    """The way of a job without its database, and what the verification says."""
    plan = resolve(trim(float(start), float(end)), Facts(sha256="0" * 64, media=media))
    target = work / "out.mp4"
    await recipes.make(plan, {"in0": source, "out0": target})
    return target, mismatches(plan.outputs[0], await prober.probe(target))


async def judge(
    prober: Prober, source: Footage, start: float, end: float, work: Path, *, sound: bool, held: bool = False
) -> None:
    """Cut, verified, and exact."""
    begin, behind = Fraction(repr(start)), Fraction(repr(end))
    target, wrong = await make(await prober.probe(source.path), prober, source.path, begin, behind, work)
    assert wrong == []
    frame_judge.judge_cut(source, target, begin, behind, min_ssim=0.95, held=held)
    if sound:
        frame_judge.judge_sync(source, target, begin, behind)


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("container", "audio"), [("mkv", 1), ("mkv", 0), ("webm", 1), pytest.param("webm", 0, marks=pytest.mark.slow)]
)
async def test_a_live_recording_is_measured_and_cut_as_any_other(
    prober: Prober, folder: Path, tmp_path: Path, container: str, audio: int
) -> None:
    """Its length is read, so that ends are clamped, late starts are refused and overlays are taken."""
    source = live(folder, container, audio=audio)
    media = await prober.probe(source.path)
    assert media.duration_s == pytest.approx(SECONDS, abs=0.03)
    facts = Facts(sha256="0" * 64, media=media)
    assert "became" in resolve(trim(SECONDS - 1, SECONDS + 9), facts).warnings[0]
    with pytest.raises(InvalidInput, match="end of the video"):
        resolve(trim(SECONDS + 1, SECONDS + 9), facts)
    layers = (ImageFacts(sha256="1" * 64, width=20, height=10),)
    drawn = resolve(overlay((TextLayer(text="a"),)), Facts(sha256="0" * 64, media=media, layers=layers))
    assert float(Fraction(drawn.outputs[0].duration_s)) == media.duration_s
    await judge(prober, source, SECONDS - 1.5, SECONDS + 9, tmp_path / "work", sound=audio > 0)


@pytest.mark.few(2)
@pytest.mark.parametrize("container", ["mkv", "ts", "flv", "mpg", "avi"])
async def test_a_whole_file_lasts_as_long_as_it_says(prober: Prober, folder: Path, container: str) -> None:
    """Encoder delay and how long the last frame is shown make no difference."""
    source = whole(folder, container)
    media = await prober.probe(source.path)
    assert media.duration_s == pytest.approx(SECONDS, abs=0.1)
    assert media.main_video.duration_s == pytest.approx(SECONDS, abs=0.05)
    assert media.main_video.frame_count is None


@pytest.mark.parametrize("container", ["mkv", "ts", "flv", "mp4"])
async def test_what_is_left_of_a_file_that_was_cut_off_is_its_length(
    prober: Prober, folder: Path, container: str
) -> None:
    """Whatever its header or its index says."""
    source = cut_off(whole(folder, container))
    left_s = float(source.frame_times_s[-1] + Fraction(1, 25))
    assert SECONDS * 0.3 < left_s < SECONDS * 0.7
    media = await prober.probe(source.path)
    assert media.duration_s == pytest.approx(left_s, abs=0.2)  # a torn file lacks reordered frames before its last one
    with pytest.raises(InvalidInput, match="end of the video"):
        resolve(trim(left_s + 1, SECONDS), Facts(sha256="0" * 64, media=media))


@pytest.mark.parametrize("container", ["mkv", "mp4"])
async def test_what_is_left_of_a_file_that_was_cut_off_can_be_cut(
    prober: Prober, folder: Path, tmp_path: Path, container: str
) -> None:
    """Its frames are exact, up to those that were torn."""
    source = cut_off(whole(folder, container))
    await judge(prober, source, 1.5, float(source.frame_times_s[-1]) - 0.5, tmp_path / "work", sound=True)


async def test_sound_does_not_hide_that_the_picture_was_lost(prober: Prober, folder: Path, tmp_path: Path) -> None:
    """A file that lost its half after it was measured gives a whole-length sound, and no success."""
    source = whole(folder, "mkv")
    media = await prober.probe(source.path)
    _, wrong = await make(media, prober, cut_off(source).path, Fraction(1), Fraction(SECONDS - 1), tmp_path / "work")
    assert len(wrong) == 1
    assert wrong[0].startswith("picture_gaps: the picture ends at")


@pytest.mark.few(4)
@pytest.mark.parametrize(
    ("start", "end", "container"),
    [
        pytest.param(start, end, container, marks=[pytest.mark.slow] if container == "webm" and often else [])
        for start, end, often in [
            *((1, 3, True), (13, 14, True), (13, 16.5, True), (13.5, 17.6, False)),
            *((14.5, 17.5, False), (14.5, 18, True), (17.2, 18, True), (0, 99, True)),
        ]
        for container in ("mkv", "webm")
    ],
)
async def test_a_long_pause_is_no_loss(
    prober: Prober, folder: Path, tmp_path: Path, container: str, start: float, end: float
) -> None:
    """A cut may begin with the picture that stands, pause or end in it, and is held to where the source has frames."""
    source = paused(folder, container)
    picture = (await prober.probe(source.path)).main_video
    assert (picture.variable_frame_rate, picture.longest_frame_s) == (True, PAUSE_S + 0.04)
    await judge(
        prober, source, start, end, tmp_path / "work", sound=False, held=PAUSE_AT_S < start < PAUSE_AT_S + PAUSE_S
    )


async def test_a_picture_shorter_than_its_sound_is_expected_to_be(prober: Prober, folder: Path, tmp_path: Path) -> None:
    """Silence would not be padded, sound is: only what the source has a picture for is asked for."""
    source = folder / "short_picture.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=3", "-f", "lavfi", "-i", "sine=d=6",
        "-c:v", "libx264", "-c:a", "aac", str(source),
    )  # fmt: skip
    media = await prober.probe(source)
    assert media.main_video.duration_s == 3
    assert media.duration_s == pytest.approx(6, abs=0.03)
    _, wrong = await make(media, prober, source, Fraction(1), Fraction(5), tmp_path / "work")
    assert wrong == []


async def test_a_piped_file_is_not_as_long_as_its_unfinished_header_says(prober: Prober, folder: Path) -> None:
    """AVI writers fill in the number of frames at the end, where they can: here it says half a year."""
    piped = folder / "piped.avi"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=2", "-c:v", "mpeg4", "-seekable", "0", str(piped))
    assert (await prober.probe(piped)).duration_s == pytest.approx(2, abs=0.1)


def test_large_files_are_read_at_both_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their true end is found, and no gap is longer than the longest between their key frames; what only the whole
    file could tell is not claimed."""
    monkeypatch.setattr(video_files, "READ_THROUGH_BYTES", 0)
    monkeypatch.setattr(packets, "SAMPLE_BYTES", 2**14)

    def examined(source: Footage) -> MediaInfo:
        with source.path.open("rb") as opened:
            return video_files.examine(opened.fileno(), RULES).media

    even = examined(whole(folder, "mkv"))
    assert even.duration_s == pytest.approx(SECONDS, abs=0.03)
    assert (even.main_video.variable_frame_rate, even.main_video.longest_frame_s) == (None, 1)
    assert examined(paused(folder, "mkv")).main_video.longest_frame_s == PAUSE_S + 1
    left = cut_off(whole(folder, "mkv"))
    assert examined(left).duration_s == pytest.approx(float(left.frame_times_s[-1]) + 0.04, abs=0.1)


def test_reading_on_ends_when_the_time_is_up(folder: Path) -> None:
    """The file is answered for with what is known by then."""
    source = live(folder, "mkv", audio=1)
    with source.path.open("rb") as opened:
        media = video_files.examine(opened.fileno(), replace(RULES, timeout_s=0)).media
    assert (media.main_video.width, media.duration_s) == (SIZE[0], None)

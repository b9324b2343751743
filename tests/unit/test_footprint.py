"""What jobs take at their peak: by the formula, held to figures that were measured."""

from typing import Any

import msgspec
import pytest

from reelwright.edits.edit import trim
from reelwright.edits.facts import LaidSubtitlesFacts
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.steps.subtitles import PlannedSubtitles
from reelwright.jobs.footprint import footprint, import_footprint
from tests.support.media_info import PictureSize, media

MIB = 1 << 20
SIZES = {360: (640, 360), 720: (1280, 720), 1080: (1920, 1080), 2160: (3840, 2160)}


def planned(height: int = 720, *, bit_depth: int = 8, size_bytes: int = 5 * MIB, **coding: Any) -> Plan:
    """Eight of ten seconds, at the source's size."""
    width = SIZES[height][0]
    size: PictureSize = {"width": width, "height": height, "display_width": width, "display_height": height}
    source = msgspec.structs.replace(media(**size, bit_depth=bit_depth), size_bytes=size_bytes)
    output = FileOutput(video=msgspec.convert(coding, VideoEncoding))
    return resolve(trim(0, 8, output), Facts(sha256="0" * 64, media=source))


def subtitled(plan: Plan, cues: int, size: tuple[int, int] = (1112, 126), inked_pixels: int = 0) -> Plan:
    """The same with so many cues, in a picture of that size."""
    laid = LaidSubtitlesFacts(
        sha256="1" * 64,
        canvas=(3840, 2160),
        x=0,
        y=0,
        width=size[0],
        height=size[1],
        cues=cues,
        inked_pixels=inked_pixels,
    )
    return msgspec.structs.replace(plan, steps=(*plan.steps, PlannedSubtitles(facts=laid)))


@pytest.mark.parametrize(
    ("height", "threads", "coding", "measured_mib"),
    [
        (360, 2, {"preset": "veryfast"}, 73),
        (720, 2, {"preset": "veryfast"}, 152),
        (720, 2, {"preset": "medium"}, 250),
        (1080, 2, {"preset": "ultrafast"}, 126),
        (1080, 2, {"preset": "veryfast"}, 282),
        (1080, 2, {"preset": "medium"}, 477),
        (1080, 2, {"preset": "slow"}, 550),
        (2160, 2, {"preset": "veryfast"}, 919),
        (2160, 8, {"preset": "ultrafast"}, 738),
        (2160, 8, {"preset": "veryfast"}, 1472),
        (720, 2, {"codec": "hevc", "preset": "medium"}, 282),
        (1080, 2, {"codec": "hevc", "preset": "medium"}, 502),
        (720, 2, {"codec": "av1"}, 427),
        (1080, 8, {"codec": "av1"}, 555),
        (720, 2, {"codec": "vp9"}, 205),
        (720, 8, {"codec": "vp9"}, 233),
    ],
)
def test_memory_is_what_was_measured_or_somewhat_more(
    height: int, threads: int, coding: dict[str, Any], measured_mib: int
) -> None:
    """The peak of ffmpeg's resident memory, as the kernel counted it."""
    foretold = footprint(planned(height, **coding), threads).memory_bytes / MIB
    assert 0.95 * measured_mib < foretold < 2.1 * measured_mib


def test_more_threads_deeper_pictures_and_more_outputs_take_more_memory() -> None:
    usual = footprint(planned(), 2).memory_bytes
    assert footprint(planned(), 8).memory_bytes > usual
    assert footprint(planned(bit_depth=10), 2).memory_bytes > usual


def test_a_bit_rate_is_taken_at_its_word() -> None:
    """Eight seconds at 8 Mbit/s, with their sound, and some for the container; two passes have a log."""
    once = footprint(planned(bit_rate=8_000_000), 2)
    assert 8_128_000 < once.media_bytes < 1.2 * 8_128_000
    assert once.work_bytes == once.media_bytes
    twice = footprint(planned(bit_rate=8_000_000, two_pass=True), 2)
    assert (twice.media_bytes, twice.work_bytes > once.work_bytes) == (once.media_bytes, True)


def test_a_factor_goes_by_pixels_and_by_how_hard_the_source_was_to_code() -> None:
    easy, hard = footprint(planned(size_bytes=MIB), 2), footprint(planned(size_bytes=20 * MIB), 2)
    assert 3 * easy.media_bytes < hard.media_bytes < 2 * 20 * MIB
    assert footprint(planned(size_bytes=20 * MIB, crf=30), 2).media_bytes < hard.media_bytes / 2.5
    assert footprint(planned(1080, size_bytes=45 * MIB), 2).media_bytes == pytest.approx(
        2.25 * hard.media_bytes, rel=0.05
    )


@pytest.mark.parametrize(
    ("size", "inked_pixels", "measured_bytes"),
    [
        ((320, 24), 5_592, 4_180),
        ((1720, 152), 243_958, 38_284),
        ((1212, 972), 71_351, 27_782),
        ((1234, 972), 96_423, 52_576),
        ((1728, 984), 1_567_640, 283_302),
        ((1780, 752), 1_304_488, 578_414),
        ((2414, 1944), 282_122, 80_074),
        ((2428, 1944), 313_461, 125_996),
        ((3436, 302), 975_631, 94_132),
    ],
    ids=["360p", "two lines", "above and below", "with shadow", "full", "emoji", "4K", "4K shadow", "4K two lines"],
)
def test_subtitles_that_are_to_be_drawn_take_disk(
    size: tuple[int, int], inked_pixels: int, measured_bytes: int
) -> None:
    """What a cue took in the video of all, or somewhat more: also where cues stand at the top and at the bottom, and
    all that lies between is in the picture. They are kept beside the result."""
    plain = footprint(planned(), 2)
    drawn = footprint(subtitled(planned(), 1000, size, inked_pixels * 1000), 2)
    for field in ("media_bytes", "work_bytes"):
        taken = (getattr(drawn, field) - getattr(plain, field)) / 1000
        assert measured_bytes < taken < 6 * measured_bytes


def test_subtitles_that_an_older_release_laid_out_take_all_of_their_picture() -> None:
    """It did not say how much of that each cue covers."""
    unsaid, said = (footprint(subtitled(planned(), 1000, (1112, 126), inked), 2) for inked in (0, 1112 * 126 * 1000))
    assert unsaid == said
    assert footprint(subtitled(planned(), 0, (0, 0), 0), 2) == footprint(planned(), 2)


def test_small_pictures_keep_few_cores_busy() -> None:
    assert [footprint(planned(height), 16).cores for height in (360, 720, 1080, 2160)] == [1, 3, 7, 16]


def test_an_import_takes_its_file() -> None:
    assert import_footprint(7).media_bytes == 7
    assert import_footprint(None).media_bytes == 0

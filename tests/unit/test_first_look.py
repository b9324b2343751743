"""The decisions behind a probe: which track is the video, how long a last frame is shown, where a clock jumps."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest

from reelwright.media.probe import cropping_and_dolby_vision, main_video
from reelwright.media.probe.main_video import Movement
from reelwright.media.probe.packets import LastFrame
from reelwright.media.probe.timestamp_jumps import JUMPS, Clock


def track(
    index: int, *, default: bool = False, size: tuple[int, int] = (320, 180), codec: str = "h264"
) -> SimpleNamespace:
    context = SimpleNamespace(codec=SimpleNamespace(canonical_name=codec))
    disposition = main_video.DEFAULT * default
    return SimpleNamespace(index=index, disposition=disposition, width=size[0], height=size[1], codec_context=context)


def frames(number: int, length_s: int) -> Movement:
    return Movement(number, Fraction(length_s))


LARGE = (1920, 1080)


@pytest.mark.parametrize(
    ("why", "tracks", "movements", "video"),
    [
        ("the default one", [track(0), track(1, default=True)], [frames(250, 10), frames(250, 10)], 1),
        ("the largest", [track(0), track(1, size=LARGE)], [frames(250, 10), frames(250, 10)], 1),
        ("the first", [track(0), track(1)], [frames(250, 10), frames(250, 10)], 0),
        ("not a cover", [track(0, default=True, size=LARGE), track(1)], [frames(1, 10), frames(250, 10)], 1),
        ("not a short one", [track(0, default=True, size=LARGE), track(1)], [frames(50, 2), frames(250, 10)], 1),
        ("not an empty one", [track(0, default=True), track(1)], [frames(0, 0), frames(1, 1)], 1),
        ("not slides by their size", [track(0, size=LARGE), track(1)], [frames(3, 10), frames(250, 10)], 1),
        ("slides that are default", [track(0, default=True), track(1)], [frames(3, 10), frames(250, 10)], 0),
        ("not a cover of two", [track(0, default=True, codec="png"), track(1)], [frames(2, 10), frames(250, 10)], 1),
        ("a camera's MJPEG", [track(0, default=True, codec="mjpeg"), track(1)], [frames(250, 10), frames(250, 10)], 0),
        ("one frame of one", [track(0), track(1, default=True)], [frames(1, 1), frames(1, 1)], 1),
    ],
)
def test_the_video_is_the_track_that_moves(
    why: str, tracks: list[SimpleNamespace], movements: list[Movement], video: int
) -> None:
    assert main_video.likeliest(tracks, movements)[0].index == video, why


@pytest.mark.parametrize(
    ("shown", "stated_end", "end"),
    [
        ([(0, 0), (1000, 0)], None, 2000),  # FLV and WMV say nothing: as long as the one before
        ([(0, 0), (1000, 0)], 1400, 1400),  # but not longer than the file
        ([(0, 0), (1000, 0)], 1000, 2000),  # which says nothing of it when it ends as it begins
        ([(0, 40), (1000, 40)], None, 1040),  # what is said holds
        ([(2000, 0), (0, 0), (1000, 0)], None, 3000),  # in any order
        ([(0, 1), (1, 1)], None, 2),  # a tick may be a frame
        ([(5, 0)], None, 45),  # a single one lasts as long as the rate says
        ([(5, 0)], 9, 9),
    ],
)
def test_the_last_frame_lasts_as_long_as_the_one_before_it(
    shown: list[tuple[int, int]], stated_end: int | None, end: int
) -> None:
    last = LastFrame()
    for tick, duration in shown:
        last.note(tick, duration)
    assert last.end(stated_end, usual=40) == end


def clock_of(flags: int) -> Clock:
    return Clock(SimpleNamespace(format=SimpleNamespace(flags=flags)))


def shifts(clock: Clock, *packets: tuple[int, int | None]) -> list[int]:
    """Of packets (stream, decoding time in s) that last 0.1 s each."""
    return [
        clock.shift(
            SimpleNamespace(
                stream=SimpleNamespace(index=stream), dts=dts and dts * 1000, duration=100, time_base=Fraction(1, 1000)
            )
        )
        for stream, dts in packets
    ]


def test_a_clock_that_starts_anew_goes_on_where_it_was() -> None:
    """All streams move together, by what the first one that jumps is off."""
    assert shifts(clock_of(JUMPS), (0, 4), (1, 4), (0, 5), (0, 0), (1, 0)) == [0, 0, 0, 5100, 5100]


def test_a_jump_that_is_seen_twice_is_not_set_right() -> None:
    """The last packet of the first recording comes behind the first of the next: ffmpeg moves everything twice."""
    clock = clock_of(JUMPS)
    shifts(clock, (0, 3), (1, 3), (0, 4), (0, 0), (1, 4), (1, 0), (0, 1))
    assert not clock.is_set_right(0)
    clock = clock_of(JUMPS)
    shifts(clock, (0, 3), (1, 3), (0, 4), (1, 4), (0, 0), (1, 0), (0, 1))
    assert clock.is_set_right(0)


def test_a_pause_is_no_jump_and_a_gap_of_more_than_ten_seconds_is_one() -> None:
    assert shifts(clock_of(JUMPS), (0, 0), (0, 9), (0, 30), (0, None)) == [0, 0, -20900, -20900]
    assert shifts(clock_of(JUMPS), (0, 0), (1, 15)) == [0, -15000]


def test_formats_whose_clock_never_starts_anew_are_believed() -> None:
    assert shifts(clock_of(0), (0, 40), (0, 0), (0, 90)) == [0, 0, 0]


@pytest.mark.parametrize(
    ("times_s", "restarted"),
    [
        ((0, 1, 2, 0, 1, 2), {0}),
        ((0, 1, 2, 90, 3, 4), set()),  # one time that is wrong
        ((0, 5, 10, 15), set()),
        ((0, 1, 0, 1), set()),  # frames that are reordered, or times that are rounded
    ],
)
def test_a_clock_that_may_not_start_anew_and_does_is_known(times_s: tuple[int, ...], restarted: set[int]) -> None:
    clock = clock_of(0)
    shifts(clock, *((0, time_s) for time_s in times_s))
    assert clock.restarted == restarted


SAID = """Input #0, matroska,webm, from '':
  Metadata:
    Frame Cropping: 9/9/9/9: spoofed
  Program 1
  Program 2
  Stream #0:0: Video: h264 (High), yuv420p, 320x180
    Metadata:
      Frame Cropping  : 7/7/7/7
    Side data:
      Frame Cropping: 1/2/10/6
      DOVI configuration record: version: 1.0, profile: 5, level: 6, rpu flag: 1, el flag: 0, bl flag: 1, \
compatibility id: 0, compression: 0
  Stream #0:1: Audio: aac
    Side data:
      Frame Cropping: 3/3/3/3
"""


def test_words_are_taken_from_side_data_alone() -> None:
    found = cropping_and_dolby_vision.read(SAID.splitlines(), 0)
    assert found.cropping == cropping_and_dolby_vision.Cropping(left=1, right=2, top=10, bottom=6)
    assert (found.dolby_vision_profile, found.dolby_vision_compatibility, found.programs) == (5, 0, 2)
    assert cropping_and_dolby_vision.read(SAID.splitlines(), 2) == cropping_and_dolby_vision.Description(programs=2)

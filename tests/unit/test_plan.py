"""Edit and facts to plan: what will come out, decided without touching a file."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits.edit import Edit, trim
from reelwright.edits.geometry import even
from reelwright.edits.media_info import MediaInfo
from reelwright.edits.plan import Facts, Plan, resolve
from reelwright.edits.steps.trim import PlannedTrim
from reelwright.errors import InvalidInput
from tests.support.media_info import media


def plan(info: MediaInfo, start: float | str, end: float | str) -> Plan:
    return resolve(trim(start, end), Facts(sha256="0" * 64, media=info))


RATES = st.sampled_from(["24/1", "25/1", "30/1", "60/1", "30000/1001", "24000/1001", "60000/1001"])
MILLISECONDS = st.integers(0, 9_999)


@given(rate=RATES, start_ms=MILLISECONDS, end_ms=MILLISECONDS, offset=st.sampled_from(["0", "7/5"]))
def test_the_kept_frames_are_those_with_start_le_t_lt_end(rate: str, start_ms: int, end_ms: int, offset: str) -> None:
    """Counted one by one, for every rate and interval; an interval without a frame is refused."""
    info = media(rate=rate, start=offset, time_base=f"1/{Fraction(rate).numerator * 5}")
    start, end = Fraction(start_ms, 1000), Fraction(end_ms, 1000)
    count = info.main_video.frame_count or 0
    kept = [number / Fraction(rate) for number in range(count) if start <= number / Fraction(rate) < end]
    if not kept:
        with pytest.raises(InvalidInput):
            plan(info, start_ms / 1000, end_ms / 1000)
        return
    made = plan(info, start_ms / 1000, end_ms / 1000)
    (expected,), (step,) = made.outputs, made.steps
    assert isinstance(step, PlannedTrim)
    assert expected.frame_count == len(kept)
    assert Fraction(step.start_s) == kept[0]
    if end < count / Fraction(rate):
        assert Fraction(expected.duration_s) == len(kept) / Fraction(rate)


def test_variable_frame_rates_keep_the_interval_as_asked() -> None:
    """Nothing is known of single frames: no count is promised, and a pause may end the cut."""
    made = plan(media(variable_frame_rate=True, frame_count=100, longest_frame_s=0.8), 1.01, 2.02)
    (step,), (expected,) = made.steps, made.outputs
    assert isinstance(step, PlannedTrim)
    assert (step.start_s, step.end_s, expected.frame_count) == ("101/100", "101/50", None)
    assert Fraction(expected.duration_tolerance_s) >= Fraction("0.8")


@pytest.mark.parametrize(
    ("interval", "picture"),
    [((1, 3), ("1", "2")), ((3, 9), ("0", "5")), ((0, 10), ("2", "8"))],
)
def test_a_picture_is_expected_where_the_source_has_one(
    interval: tuple[float, float], picture: tuple[str, str]
) -> None:
    """It may begin after the sound and end before it; a pause of the source's is a gap that is allowed."""
    info = media(variable_frame_rate=True, frame_count=None, duration_s=6.0, longest_frame_s=0.8)
    later = msgspec.structs.replace(info.main_video, start_s="2")
    (expected,) = plan(msgspec.structs.replace(info, video=[later]), *interval).outputs
    assert expected.video is not None
    assert (expected.video.start_s, expected.video.end_s) == picture
    assert 0.8 < Fraction(expected.video.longest_gap_s) < 1


def test_an_end_at_the_duration_that_was_told_is_no_surprise() -> None:
    """It is rounded to the millisecond."""
    assert plan(media(seconds=1.599637, frame_count=None), 1, 1.6).warnings == ()


def test_an_end_beyond_the_video_is_clamped_with_a_warning() -> None:
    """The warning says what it became."""
    made = plan(media(seconds=10), 9, 11)
    assert "10 s" in made.warnings[0]
    assert made.outputs[0].frame_count == 25


@pytest.mark.parametrize(
    ("size", "rotation", "upright"),
    [
        ((1920, 1080), 0, (1920, 1080)),
        ((1920, 1080), 270, (1080, 1920)),
        ((321, 181), 0, (320, 180)),
        ((5, 3), 90, (2, 4)),
    ],
)
def test_pictures_come_out_upright_and_even(size: tuple[int, int], rotation: int, upright: tuple[int, int]) -> None:
    """4:2:0 has no half samples; a quarter turn swaps the sides."""
    info = media(width=size[0], height=size[1], rotation=rotation)
    assert even(info.main_video.upright_size) == upright


def test_tracks_that_cannot_be_decoded_are_left_out_with_a_warning() -> None:
    """The others are kept."""
    info = media(tracks=2)
    broken = msgspec.structs.replace(info.audio[0], decodable=False)
    made = plan(msgspec.structs.replace(info, audio=[broken, info.audio[1]]), 0, 1)
    assert made.outputs[0].audio_tracks == 1
    assert "1 audio track" in made.warnings[0]


def test_a_plan_survives_json_and_equal_plans_have_equal_digests() -> None:
    """The digest is of the canonical JSON, so it does not depend on how the plan was made."""
    made = plan(media(), 1, 2)
    again = msgspec.json.decode(msgspec.json.encode(made), type=Plan)
    assert again == made
    assert again.digest == made.digest != plan(media(), 1, 2.5).digest
    assert plan(media(), "00:00:01", "00:00:02").digest == made.digest


def test_an_edit_of_a_result_is_composed_from_the_original() -> None:
    """Lineage: the earlier steps come first."""
    assert trim(1, 2).after(trim(3, 9)) == Edit(steps=trim(3, 9).steps + trim(1, 2).steps)

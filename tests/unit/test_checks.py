"""What is judged of a made file, without one: how late sound is heard, which frames stand out, how much is decoded."""

from __future__ import annotations

import itertools
import random
import struct
import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import ExpectedOutput, Facts, Plan
from reelwright.media.checks.black_and_still import FrameWatch
from reelwright.media.checks.decoded_groups import Sample, windows
from reelwright.media.checks.decoded_share import sample
from reelwright.media.checks.frame_order import Points, Shown
from reelwright.media.checks.inspection import GRID, Stretch
from reelwright.media.checks.sound_sync import MAX_SHIFT_S, STEP_S, shift
from reelwright.media.probe.mp4_boxes import index_first
from tests.support.media_info import media

STEPS = round(MAX_SHIFT_S / STEP_S)
COUNT = 400


def bursts(seed: int) -> list[float]:
    """How loud speech is, about: loud and quiet for uneven times."""
    chance = random.Random(seed)
    found: list[float] = []
    while len(found) < COUNT + 4 * STEPS:
        found += [chance.uniform(0.1, 0.5)] * chance.randint(5, 30) + [0.01] * chance.randint(5, 30)
    return found


@pytest.mark.parametrize("late_steps", [-30, -15, -10, 10, 15, 25])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sound_that_is_late_or_early_is_found(late_steps: int, seed: int) -> None:
    whole = bursts(seed)
    heard = [0.7 * value for value in whole[2 * STEPS - late_steps :][:COUNT]]
    assert shift(heard, whole[STEPS : 3 * STEPS + COUNT]) == pytest.approx(late_steps * STEP_S)


@pytest.mark.parametrize("seed", range(20))
def test_sound_in_its_place_is_never_called_late(seed: int) -> None:
    whole, chance = bursts(seed), random.Random(seed)
    heard = [value + chance.uniform(0, 0.01) for value in whole[2 * STEPS :][:COUNT]]
    assert shift(heard, whole[STEPS : 3 * STEPS + COUNT]) == 0.0


@pytest.mark.parametrize("source", ["other", "even", "silent", "again and again"])
def test_nothing_is_said_of_sound_that_cannot_be_placed(source: str) -> None:
    wanted = {
        "other": bursts(2),
        "even": [0.3] * (COUNT + 4 * STEPS),
        "silent": [0.0] * (COUNT + 4 * STEPS),
        "again and again": [0.4 if step % 20 < 5 else 0.02 for step in range(COUNT + 4 * STEPS)],
    }[source]
    heard = bursts(1) if source == "other" else wanted[10:]
    assert shift(heard[2 * STEPS :][:COUNT], wanted[STEPS : 3 * STEPS + COUNT]) is None


def moving(number: int) -> Points:
    """A slope that wanders to the right."""
    across, down = GRID
    return bytes(60 + (3 * column + 4 * number + row) % 160 for row in range(down) for column in range(across))


def still(place: int, points: Points) -> Shown:
    """A frame of 25 a second."""
    return Shown(place / 25, points, lambda: points)


def seen(*numbers: int | None) -> dict[str, Stretch]:
    """What is found of 25 frames a second; None is a black one."""
    watch = FrameWatch()
    for place, number in enumerate(numbers):
        points = bytes([16] * (GRID[0] * GRID[1])) if number is None else moving(number)
        watch.see(still(place, points), (place + 1) / 25)
    return {stretch.kind: stretch for stretch in watch.found()}


def test_what_moves_in_order_is_nothing_to_tell() -> None:
    assert seen(*range(100)) == {}


def test_stretches_are_found_where_they_are() -> None:
    black = seen(*range(10), *[None] * 25, *range(35, 50))
    assert (black["black"].start_s, black["black"].end_s) == (0.4, 1.4)
    still = seen(*range(10), *[10] * 25, *range(35, 50))
    assert (still["still"].start_s, still["still"].end_s) == (0.4, 1.4)
    assert set(still) == {"still"}


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 5, 4, 6, 7, 8], [0, 1, 2, 3, 3, 5, 6, 7, 8]])
def test_frames_that_are_swapped_or_repeated_stand_out(order: list[int]) -> None:
    found = seen(*order)["order"]
    assert found.start_s <= 4 / 25 <= found.end_s


def test_the_oddest_places_are_kept_with_their_frames_though_many_are_repeated() -> None:
    """A film at 30 frames a second shows each fourth one twice."""
    watch, shown = FrameWatch(), [number - number // 5 for number in range(100)]
    shown[52], shown[53] = shown[53], shown[52]
    for place, number in enumerate(shown):
        watch.see(still(place, moving(number)), (place + 1) / 25)
    ways = [place.way for place in watch.order.places]
    assert sorted(ways) == ["repeated", "repeated", "swapped"]
    (swapped,) = (place for place in watch.order.places if place.way == "swapped")
    assert [round(time_s * 25) for time_s, _ in swapped.frames] == [51, 52, 53, 54]
    assert [levels for _, levels in swapped.frames] == [moving(number) for number in shown[51:55]]


def planned(duration_s: float, height: int, **video: Any) -> Plan:
    """Of an output, from 1080p."""
    output = FileOutput(video=VideoEncoding(**video))
    expected = ExpectedOutput(
        output=output,
        width=height * 16 // 9,
        height=height,
        duration_s=str(duration_s),
        duration_tolerance_s="0",
        frame_count=None,
        audio_tracks=0,
    )
    source = Facts(sha256="0" * 64, media=media(width=1920, height=1080, seconds=duration_s))
    return Plan(inputs=(source,), steps=(), outputs=(expected,))


def test_more_is_decoded_of_what_took_more_to_make() -> None:
    def seconds(*args: Any, **video: Any) -> float:
        wanted = sample(planned(*args, **video), 0)
        return args[0] if wanted is None else wanted.seconds

    assert seconds(5, 1080) == 5
    assert 5 <= seconds(10, 1080) < 10
    assert seconds(600, 1080, preset="ultrafast") < seconds(600, 1080) < seconds(600, 480) < 600
    assert seconds(600, 1080) < seconds(600, 1080, codec="hevc") < seconds(600, 1080, codec="vp9") == 600


@given(
    lengths=st.lists(st.floats(0.04, 30), min_size=1, max_size=200),
    seconds=st.floats(5, 300),
    groups=st.integers(2, 100),
)
def test_windows_are_spread_evenly_and_no_more_than_was_allowed(
    lengths: list[float], seconds: float, groups: int
) -> None:
    found = windows(lengths, Sample(seconds=seconds, groups=groups))
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    assert {numbers[0], numbers[-1]} == {0, len(lengths) - 1}
    assert len(found) <= groups
    assert all(0 < length <= lengths[number] for number, length in found)
    total = sum(length for _, length in found)
    assert total <= seconds * 1.001
    assert total >= min(sum(lengths[number] for number in numbers), seconds / 2) * 0.999
    if len(numbers) > 2:
        steps = [after - before for before, after in itertools.pairwise(numbers)]
        assert max(steps) - min(steps) <= 1


def box(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (box(b"ftyp") + box(b"moov") + box(b"mdat"), True),
        (box(b"ftyp") + box(b"free", b"moov") + box(b"mdat") + box(b"moov"), False),
        (box(b"ftyp") + struct.pack(">I4sQ", 1, b"free", 20) + b"moov" + box(b"moov"), True),
        (box(b"ftyp") + struct.pack(">I4s", 7, b"free") + box(b"moov"), False),
        (box(b"ftyp"), False),
        (b"\x1a\x45\xdf\xa3" + box(b"moov"), None),
    ],
)
def test_where_the_index_is_is_seen(content: bytes, first: bool | None) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        assert index_first(file.fileno()) is first

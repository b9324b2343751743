"""What is judged of a made file, without one: how late sound is heard, which frames stand out, how much is decoded."""

from __future__ import annotations

import random

import pytest

from reelwright.media.checks.inspection import GRID, Stretch
from reelwright.media.checks.sound_match import MAX_SHIFT_S, STEP_S, shift
from reelwright.media.checks.stretches import FrameWatch, Points

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
    return [60 + (3 * column + 4 * number + row) % 160 for row in range(down) for column in range(across)]


def seen(*numbers: int | None) -> dict[str, Stretch]:
    """What is found of 25 frames a second; None is a black one."""
    watch = FrameWatch()
    for place, number in enumerate(numbers):
        points = [16] * (GRID[0] * GRID[1]) if number is None else moving(number)
        watch.see(place / 25, (place + 1) / 25, points)
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

"""What is foretold holds four times in five, is wide where little is known, and is not there where nothing is."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits.kinds_and_states import JobType
from reelwright.jobs.forecast import DRAWING, ENOUGH, LEAST, Case, drawing_share, foretell, work_of
from tests.unit.test_footprint import planned, subtitled

KIND, OTHER = ("close",), ("wide",)
TRIES = 400


def cases(count: int, chance: random.Random, *, spread: float, power: float = 0.9) -> list[Case]:
    """Earlier work of many sizes, each taking about a fixed power of its size."""
    sizes = [math.exp(chance.uniform(10, 18)) for _ in range(count)]
    return [Case((KIND, OTHER), size, size**power * math.exp(chance.gauss(0, spread))) for size in sizes]


def test_it_holds_four_times_in_five() -> None:
    """For few cases and many, for little spread and much."""
    chance = random.Random(7)
    for count in (LEAST, 6, 25):
        for spread in (0.1, 0.5):
            held = 0
            for _ in range(TRIES):
                *known, asked = cases(count + 1, chance, spread=spread)
                found = foretell([KIND], asked.size, known)
                assert found is not None
                assert found.cases == count
                held += found.low <= asked.found <= found.high
            most = 0.95 if count == LEAST else 0.90  # rather too wide, where little is known
            assert 0.70 <= held / TRIES <= most, (count, spread, held / TRIES)


def test_drawing_subtitles_is_work() -> None:
    """A thousand cues as much as ten seconds or so of a picture of 1080 lines; as large a part of the whole."""
    plain = planned(1080)
    drawn = subtitled(plain, 1000)
    work, more = work_of(JobType.EDIT, plain), work_of(JobType.EDIT, drawn)
    assert work is not None
    assert more is not None
    assert more.size - work.size == DRAWING * 1000
    assert drawing_share(drawn) == pytest.approx(DRAWING * 1000 / more.size)
    assert drawing_share(plain) == 0


def test_nothing_is_said_of_what_is_not_known() -> None:
    known = cases(LEAST - 1, random.Random(1), spread=0.1)
    assert foretell([KIND, OTHER], 1e6, known) is None
    assert foretell([("another",)], 1e6, cases(50, random.Random(1), spread=0.1)) is None


def test_the_closest_kind_of_which_there_is_enough_counts() -> None:
    """Else a wider one, where that has more."""
    chance = random.Random(3)
    close = cases(ENOUGH, chance, spread=0.1)
    wide = [Case((OTHER,), case.size, 10 * case.found) for case in cases(40, chance, spread=0.1)]
    found = foretell([KIND, OTHER], 1e6, close + wide)
    assert found is not None
    assert found.cases == ENOUGH
    few = foretell([KIND, OTHER], 1e6, close[:LEAST] + wide)
    assert few is not None
    assert few.cases == LEAST + len(wide)


@given(
    st.lists(st.tuples(st.floats(1, 1e12), st.floats(1e-3, 1e9)), min_size=LEAST, max_size=30),
    st.floats(1, 1e12),
)
def test_an_interval_is_one(points: list[tuple[float, float]], size: float) -> None:
    """Whatever was: even where all cases are alike."""
    found = foretell([KIND], size, [Case((KIND,), *point) for point in points])
    assert found is not None
    assert 0 <= found.low <= found.expected <= found.high


def test_what_is_far_from_all_cases_is_less_certain() -> None:
    known = cases(10, random.Random(5), spread=0.2)
    middle = math.exp(sum(math.log(case.size) for case in known) / len(known))
    near, far = foretell([KIND], middle, known), foretell([KIND], middle * 1000, known)
    assert near is not None
    assert far is not None
    assert far.high / far.low > near.high / near.low


def test_what_the_same_source_took_before_counts() -> None:
    """A source that is twice as hard as its size says, and one of which nothing is known yet."""
    known = [
        *cases(20, random.Random(4), spread=0.02),
        *(_hard(case) for case in cases(4, random.Random(5), spread=0.02)),
    ]
    asked = cases(1, random.Random(6), spread=0.02)[0]
    anew, again = (foretell([KIND], asked.size, known, source=source) for source in ("", "hard"))
    assert anew is not None
    assert again is not None
    assert anew.expected < 1.4 * asked.found
    assert 1.5 * asked.found < again.expected < 2.1 * asked.found
    assert again.low < 2 * asked.found < again.high


def _hard(case: Case) -> Case:
    return replace(case, found=2 * case.found, source="hard")

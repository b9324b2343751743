"""What a job waits for that has others before it: played through as workers do them."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs.queue_ahead import LOOKED_AT, Ahead, Neighbour, Queued, left

MINE = uuid.UUID(int=0)
OWN = SecondsLeft(low_s=8, likely_s=10, high_s=13)


def about(seconds: float, *, factor: float = 1.05) -> SecondsLeft:
    return SecondsLeft(low_s=seconds / factor, likely_s=seconds, high_s=seconds * factor)


def waiting(*before: float, behind: int = 0) -> tuple[Queued, ...]:
    queue = [Queued(uuid.UUID(int=n + 1), about(seconds)) for n, seconds in enumerate(before)]
    return (*queue, Queued(MINE, OWN), *(Queued(uuid.UUID(int=100 + n), about(50)) for n in range(behind)))


def running(*seconds: float, factor: float = 1.05) -> tuple[Queued, ...]:
    return tuple(Queued(uuid.UUID(int=200 + n), about(each, factor=factor)) for n, each in enumerate(seconds))


def likely_s(ahead: Ahead) -> float:
    found = left(MINE, OWN, ahead)
    assert found is not None
    return found.likely_s


def test_a_job_that_is_next_takes_its_own_time() -> None:
    """Whoever waits behind it."""
    assert left(MINE, OWN, Ahead(slots=2, running=running(5), waiting=waiting(behind=3))) == OWN


def test_it_waits_for_the_first_slot_that_comes_free() -> None:
    assert likely_s(Ahead(slots=2, running=running(5, 9), waiting=waiting())) == pytest.approx(15, rel=0.01)
    assert likely_s(Ahead(slots=2, running=running(5, 9), waiting=waiting(7))) == pytest.approx(19, rel=0.01)
    assert likely_s(Ahead(slots=1, running=running(5), waiting=waiting(7, 7))) == pytest.approx(29, rel=0.01)
    assert likely_s(Ahead(slots=4, running=(), waiting=waiting(7, 7, 7))) == pytest.approx(10, rel=0.01)


def test_projects_that_had_less_have_their_turns_before() -> None:
    """As many as their shares give them, and no more than they have."""
    mine = Ahead(slots=1, running=(), waiting=waiting(2, 2), start_tag=10.0, usual_s=2.0, share=1.0)
    assert likely_s(replace(mine, neighbours=(Neighbour(50, 2.0, 1.0, 10.0),))) == pytest.approx(
        10 + 2 * 2 + 2 * 2, rel=0.01
    )
    assert likely_s(replace(mine, neighbours=(Neighbour(50, 2.0, 3.0, 10.0),))) == pytest.approx(
        10 + 2 * 2 + 6 * 2, rel=0.01
    )
    assert likely_s(replace(mine, neighbours=(Neighbour(1, 2.0, 3.0, 10.0),))) == pytest.approx(
        10 + 2 * 2 + 2, rel=0.01
    )
    assert likely_s(replace(mine, neighbours=(Neighbour(50, 2.0, 1.0, 99.0),))) == pytest.approx(10 + 2 * 2, rel=0.01)


def test_some_jobs_take_far_longer_than_the_middle_one() -> None:
    """So several together take more than their middles."""
    behind = Ahead(slots=1, running=running(5, factor=2), waiting=waiting())
    assert 15.5 < likely_s(behind) < 16.5


def test_the_more_is_before_it_the_less_is_certain() -> None:
    widths = []
    for count in (0, 1, 5, 20):
        found = left(MINE, OWN, Ahead(slots=1, running=running(5), waiting=waiting(*[7.0] * count)))
        assert found is not None
        widths.append(found.high_s - found.low_s)
    assert widths == sorted(widths)


def test_one_that_has_begun_meanwhile_has_left_what_it_has() -> None:
    """It was waiting when it was looked at, and is not any more."""
    ahead = Ahead(slots=1, running=(Queued(MINE, OWN),), waiting=waiting(7, 7)[:2])
    assert left(MINE, OWN, ahead) == OWN


def test_one_that_is_in_no_queue_is_about_to_begin_or_comes_last() -> None:
    ahead = Ahead(slots=1, running=(), waiting=waiting(7, 7)[:2])
    assert left(MINE, OWN, ahead) == OWN
    again = left(MINE, OWN, ahead, is_tried_again=True)
    assert again is not None
    assert again.likely_s == pytest.approx(24, rel=0.01)


def test_nothing_is_said_where_nobody_works_or_too_many_wait() -> None:
    assert left(MINE, OWN, Ahead(slots=0, running=(), waiting=waiting())) is None
    assert left(MINE, OWN, Ahead(slots=1, running=(), waiting=waiting(*[1.0] * LOOKED_AT)[:LOOKED_AT])) is None


def test_a_job_that_is_not_to_begin_yet_counts_from_then() -> None:
    ahead = Ahead(slots=1, running=running(5), waiting=waiting(7)[:1])
    assert left(MINE, OWN, ahead, not_before_s=3600) == SecondsLeft(low_s=3608, likely_s=3610, high_s=3613)


SECONDS = st.floats(0, 1e5)


@given(
    st.integers(1, 8),
    st.lists(SECONDS, max_size=8),
    st.lists(SECONDS, max_size=20),
    st.lists(
        st.builds(Neighbour, st.integers(0, 9), st.floats(0.1, 1e4), st.floats(1, 9), st.floats(0, 1e6)), max_size=3
    ),
    st.floats(0, 1e6),
    st.just(0.0) | SECONDS,
)
def test_it_is_always_an_interval_that_has_its_own_time_in_it(
    slots: int,
    busy: list[float],
    before: list[float],
    neighbours: list[Neighbour],
    start_tag: float,
    not_before_s: float,
) -> None:
    ahead = Ahead(
        slots=slots,
        running=running(*busy),
        waiting=waiting(*before),
        neighbours=tuple(neighbours),
        start_tag=start_tag,
    )
    found = left(MINE, OWN, ahead, not_before_s=not_before_s)
    assert found is not None
    assert 0 <= found.low_s <= found.likely_s <= found.high_s
    assert found.likely_s >= not_before_s + OWN.likely_s - 0.01

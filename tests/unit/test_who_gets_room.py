"""Who may begin: pure, by what there is, what is spoken for and who waits."""

import uuid
from collections.abc import Mapping

import pytest

from reelwright.capacity.who_gets_room import PASSED_OVER, Shortage, Waiter, shortage, worth_a_look

DISK, MEMORY, CORES = "disk:a", "memory:m", "cores:m"
HAVE = {DISK: 100, MEMORY: 50, CORES: 4}


def waiter(passed_over: int = PASSED_OVER, **needs: int) -> Waiter:
    by_kind = {"disk": DISK, "memory": MEMORY, "cores": CORES}
    return Waiter(uuid.uuid4(), {by_kind[kind]: amount for kind, amount in needs.items()}, passed_over)


@pytest.mark.parametrize(
    ("needs", "short"),
    [
        ({DISK: 60, MEMORY: 30, CORES: 2}, None),
        ({DISK: 61}, Shortage("disk", 61, 60)),
        ({MEMORY: 31}, Shortage("memory", 31, 30)),
        ({CORES: 3}, Shortage("cores", 3, 2)),
        ({}, None),
    ],
)
def test_what_is_spoken_for_is_not_there(needs: Mapping[str, int], short: Shortage | None) -> None:
    assert shortage(needs, HAVE, {DISK: 40, MEMORY: 20, CORES: 2}) == short


def test_the_sentence_has_both_figures() -> None:
    short = shortage({DISK: 61}, HAVE, {DISK: 40})
    assert short is not None
    assert short.detail == "it needs about 61 bytes of disk, 60 are free"


def test_small_work_passes_large_work_that_does_not_fit_yet() -> None:
    """But not for ever: what was passed over so often reserves next."""
    running = {DISK: 80}
    assert shortage({DISK: 10}, HAVE, running, [waiter(PASSED_OVER - 1, disk=50)]) is None
    short = shortage({DISK: 10}, HAVE, running, [waiter(disk=50)])
    assert short == Shortage("disk", 10, 20, turn=True)
    assert "waits longer" in short.detail
    assert shortage({DISK: 10}, HAVE, {DISK: 30}, [waiter(disk=50)]) is None  # there is enough for both
    assert shortage({CORES: 4}, HAVE, running, [waiter(disk=50)]) is None  # what it does not need is not kept for it


def test_what_would_never_fit_as_things_are_holds_up_nobody() -> None:
    """A disk full of stored files: nobody gives that back by ending."""
    assert shortage({DISK: 10}, HAVE, {DISK: 80}, [waiter(disk=101)]) is None
    short = shortage({DISK: 10}, HAVE, {DISK: 80}, [waiter(disk=101), waiter(disk=50)])
    assert short is not None
    assert short.turn


def test_room_is_kept_for_one_at_a_time() -> None:
    """The one that has waited longest: else those that wait would shut everybody out together."""
    assert shortage({DISK: 30}, HAVE, {}, [waiter(disk=60), waiter(disk=90)]) is None


def test_those_are_woken_that_fit_by_now() -> None:
    large, small, other = waiter(0, disk=50), waiter(0, disk=20), waiter(0, memory=10)
    assert worth_a_look([large, small, other], HAVE, {DISK: 80}, 8) == [small.job_id, other.job_id]
    assert worth_a_look([large, small, other], HAVE, {}, 2) == [large.job_id, small.job_id]

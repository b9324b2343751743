"""The order of tests leaves none out, and has each process begin with what takes longest."""

from __future__ import annotations

from itertools import count, groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.order_of_tests import in_shares


class Item:
    """As much of a test as its place depends on."""

    def __init__(self, module: int, *, slow: bool, limit_s: int | None) -> None:
        self.path = Path(f"test_{module}.py")
        self.marks = {
            **({"slow": pytest.mark.slow.mark} if slow else {}),
            **({"timeout": pytest.mark.timeout(limit_s).mark} if limit_s else {}),
        }

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return self.marks.get(name)


ITEMS = st.lists(
    st.builds(Item, st.integers(0, 9), slow=st.booleans(), limit_s=st.sampled_from([None, None, None, 600, 900])),
    max_size=200,
).map(lambda items: sorted(items, key=lambda item: item.path))


@given(items=ITEMS, processes=st.integers(1, 8))
def test_each_test_is_there_once(items: list[Any], processes: int) -> None:
    """Whatever there is of each kind, for any number of processes."""
    assert sorted(map(id, in_shares(items, processes))) == sorted(map(id, items))


def test_each_process_begins_with_the_longest_and_has_as_much_to_wait_for() -> None:
    """Of two processes, one has the tests of 900 s and the other that of 600; no module is taken apart."""
    numbers = count()
    longest: list[Any] = [Item(next(numbers), slow=True, limit_s=limit_s) for limit_s in (600, 900)]
    slow: list[Any] = [Item(next(numbers), slow=True, limit_s=None) for _ in range(6)]
    quick: list[Any] = [Item(100 + number // 5, slow=False, limit_s=None) for number in range(30)]
    ordered = in_shares([*quick, *slow, *longest], 2)
    halves = ordered[:19], ordered[19:]
    assert [half[0] for half in halves] == longest[::-1]
    assert [sum(item in slow for item in half) for half in halves] == [3, 3]
    for half in halves:
        runs = [path for path, _ in groupby(item.path for item in half)]
        assert len(runs) == len(set(runs))

"""Which of a test's parameters `make test` runs: tests/support/few.py."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.few import spread


@given(count=st.integers(1, 200), wanted=st.integers(1, 50))
def test_as_many_as_are_wanted_are_run_from_the_first_on_at_even_distances(count: int, wanted: int) -> None:
    run = sorted(spread(count, wanted))
    assert len(run) == min(count, wanted)
    assert run[0] == 0
    distances = {after - before for before, after in zip(run, [*run[1:], count], strict=True)}
    assert max(distances) - min(distances) <= 1

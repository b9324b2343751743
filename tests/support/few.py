"""`few(n)`: of a test's many parameters `make test` runs n, spread over them; the others are `slow`, for CI to run."""

from __future__ import annotations

from collections import defaultdict

import pytest


@pytest.hookimpl(tryfirst=True)  # before those that are not wanted are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    families = defaultdict(list)
    for item in items:
        if item.get_closest_marker("few") and not item.get_closest_marker("slow"):
            families[item.nodeid.partition("[")[0]].append(item)
    for family in families.values():
        marker = family[0].get_closest_marker("few")
        assert marker is not None
        for index, item in enumerate(family):
            if index not in spread(len(family), marker.args[0]):
                item.add_marker(pytest.mark.slow)


def spread(count: int, wanted: int) -> set[int]:
    """The first, and others at even distances, so many as are wanted."""
    number = min(count, wanted)
    return {index * count // number for index in range(number)}

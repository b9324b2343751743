"""The order of tests: each process gets as many, and begins with what takes longest; what waits runs beside what works.

pytest-xdist cuts the list into as many equal parts as there are processes, and who has no more takes half of what
another has left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest


def in_shares(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """Tests with a limit of their own first, the longest before others; then slow ones, most of which wait, between
    quick ones, most of which work: by modules, whose tests share what is made for them."""
    longest = sorted(filter(_limit_s, items), key=_limit_s, reverse=True)
    slow = [item for item in items if not _limit_s(item) and item.get_closest_marker("slow")]
    quick = [item for item in items if not _limit_s(item) and not item.get_closest_marker("slow")]
    found: list[pytest.Item] = []
    for number in range(processes):
        first, waiting = longest[number::processes], slow[_part(slow, number, processes)]
        size = max(len(items) * (number + 1) // processes - len(found) - len(first) - len(waiting), 0)
        working, quick = quick[:size], quick[size:]
        found += [*first, *_between(waiting, working)]
    return [*found, *quick]


def _limit_s(item: pytest.Item) -> float:
    own_limit = item.get_closest_marker("timeout")
    return float(own_limit.args[0]) if own_limit else 0.0


def _part(of: Sequence[pytest.Item], number: int, parts: int) -> slice:
    return slice(len(of) * number // parts, len(of) * (number + 1) // parts)


def _between(some: Sequence[pytest.Item], others: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
    """Module by module, of both in proportion."""
    modules = [[list(tests) for _, tests in groupby(items, key=lambda item: item.path)] for items in (some, others)]
    sizes, done = (max(len(some), 1), max(len(others), 1)), [0, 0]
    while any(modules):
        which = min((one for one in (0, 1) if modules[one]), key=lambda one: done[one] / sizes[one])
        module = modules[which].pop(0)
        done[which] += len(module)
        yield from module

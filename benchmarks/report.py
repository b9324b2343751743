"""Figures beside their promises, as a table that a person reads."""

from __future__ import annotations

import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `limit` is the promise: the number stays below it. All in `unit`."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    note: str = ""
    doubt: tuple[float, float] | None = None
    """Between these lies the true value, as far as noise lets us know."""

    @classmethod
    def median(cls, what: str, values: Sequence[float], unit: str, *, limit: float | None = None) -> Figure:
        """The median of repeated measurements, and what can be said of it: on a busy machine that may be little."""
        low, high = median_interval(values)
        note = f"all: {_number(min(values))} to {_number(max(values))}, n = {len(values)}"
        if (low, high) != (min(values), max(values)):
            note = f"95 %: {_number(low)} to {_number(high)}; {note}"
        return cls(what, statistics.median(values), unit, limit, note, (low, high))

    @property
    def promise(self) -> str:
        return "" if self.limit is None else f"< {self.limit:g}"

    @property
    def verdict(self) -> str:
        """`kept` or `MISSED` only where the doubt leaves no other answer."""
        if self.limit is None:
            return ""
        low, high = self.doubt or (self.value, self.value)
        if high < self.limit:
            return "kept"
        return "MISSED" if low >= self.limit else "unclear"


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Between which measurements the true median lies, in 95 of 100 cases, whatever the noise is like (sign test).

    Fewer than six measurements cannot say so much: then it is all of them.
    """
    ordered, n = sorted(values), len(values)
    cut, chance = 0, 2 * 0.5**n
    while chance <= 0.05:
        cut += 1
        chance += 2 * math.comb(n, cut) * 0.5**n
    edge = max(cut - 1, 0)
    return ordered[edge], ordered[n - 1 - edge]


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Return how often what was measured in turns goes into what was measured beside it."""
    return [one / other for one, other in zip(over, under, strict=True)]


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def show(title: str, figures: Sequence[Figure]) -> None:
    rows = [("", "seen", "promise", "", "")]
    for figure in figures:
        seen = f"{_number(figure.value)} {figure.unit}".strip()
        rows.append((figure.what, seen, figure.promise, figure.verdict, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print(f"{title}\n")
    for what, seen, promise, verdict, note in rows:
        columns = (what.ljust(widths[0]), seen.rjust(widths[1]), promise.rjust(widths[2]), verdict.ljust(widths[3]))
        print("  ".join((*columns, note)).rstrip())
    print(flush=True)


def machine() -> str:
    """What a figure depends on, without names."""
    cores = len(os.sched_getaffinity(0))
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory_kb = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return (
        f"{cores} cores ({model}), {memory_kb / 2**20:.0f} GiB, Linux {platform.release().partition('-')[0]}, "
        f"Python {platform.python_version()}"
    )


def load() -> str:
    """How busy the machine is: runnable tasks, averaged over a minute."""
    return f"load {os.getloadavg()[0]:.1f}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()

"""What an attempt's stages take, and how far it is when: written down with what it made, for later jobs are foretold by
it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from reelwright.jobs.past_jobs import Mark, Took

EVERY = 10
"""Per cent, from one mark to the next."""


class AttemptTimes:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._stages: dict[str, float] = defaultdict(float)
        self._marks: list[Mark] = []
        self._next = EVERY // 2

    def spent(self, stage: str, seconds: float) -> None:
        """Add what a stage took, or a part of it."""
        self._stages[stage] += seconds

    @contextmanager
    def spending(self, stage: str) -> Iterator[None]:
        """Add what takes place meanwhile to a stage."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.spent(stage, time.monotonic() - began)

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def is_at_mark(self, percent: int) -> bool:
        return percent >= self._next

    def mark(self, percent: int, measured_s: float | None) -> None:
        """Write down how far it is, and what seems to be left."""
        self._marks.append(Mark(percent, round(self.elapsed_s, 3), measured_s))
        self._next = percent - percent % EVERY + EVERY

    def begun_anew(self) -> None:
        """Forget all: what was made so far is made again, in another way."""
        self._stages.clear()
        self._marks.clear()

    def stored(self) -> dict[str, Any]:
        """Return it as the job keeps it."""
        stages = {stage: round(seconds, 3) for stage, seconds in self._stages.items()}
        stored: dict[str, Any] = msgspec.to_builtins(Took(stages=stages, marks=tuple(self._marks)))
        return stored

"""Who gets room, of disk, memory, cores: what fits begins, unless that is kept for what waits longer. Pure.

Amounts are by **resource**: `disk:...` in bytes, `memory:...` in bytes, `cores:...`. Those of one machine or disk are
shared by all processes there.

The rule of those that wait: what fits, begins, also before larger ones that came earlier; so small work is not held up
by large work. What was passed over PASSED_OVER times reserves next: of what it needs nothing is given to others any
more, until it has begun. It reserves only what it will get: where it would not fit even if all that is spoken for were
given back (a disk full of stored files), it holds up nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

Kind = Literal["disk", "memory", "cores"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Amounts = Mapping[str, int]
"""By resource."""

PASSED_OVER = 3


@dataclass(frozen=True, slots=True)
class Shortage:
    """What there is too little of: `needs` is more than `free`. `turn`: there is enough, but it is kept for what has
    waited longer."""

    kind: Kind
    needs: int
    free: int
    turn: bool = False

    @property
    def detail(self) -> str:
        """As a sentence."""
        what = {"disk": "bytes of disk", "memory": "bytes of memory", "cores": "cores"}[self.kind]
        if self.turn:
            return f"it needs about {self.needs} {what}: {self.free} are free, and kept for a job that waits longer"
        return f"it needs about {self.needs} {what}, {self.free} are free"


@dataclass(frozen=True, slots=True)
class Waiter:
    """A job that waits. `needs`: by resource, where it was last looked at."""

    job_id: UUID
    needs: Amounts
    passed_over: int = 0


def shortage(needs: Amounts, have: Amounts, spoken_for: Amounts, waiting: Iterable[Waiter] = ()) -> Shortage | None:
    """Return what there is too little of for work to begin, None when it can. `have`: all that there is, less of a disk
    what lies on it; `spoken_for`: what running work may still take of it; `waiting`: other jobs, the one that has
    waited longest first, none that came after this one was passed over as often."""
    free = {resource: have[resource] - spoken_for.get(resource, 0) for resource in needs}
    for resource, amount in needs.items():
        if amount > max(free[resource], 0):
            return Shortage(_kind(resource), amount, max(free[resource], 0))
    kept = next((one.needs for one in waiting if one.passed_over >= PASSED_OVER and fits(one.needs, have)), {})
    for resource, amount in needs.items():
        if amount and amount > free[resource] - kept.get(resource, 0):
            return Shortage(_kind(resource), amount, free[resource], turn=True)
    return None


def fits(needs: Amounts, have: Amounts) -> bool:
    """Return whether there would be enough if nothing were spoken for."""
    return all(amount <= have.get(resource, amount) for resource, amount in needs.items())


def worth_a_look(waiting: Iterable[Waiter], have: Amounts, spoken_for: Amounts, most: int) -> list[UUID]:
    """Return which of those that wait may begin by now, each on its own, at most so many: in their order."""
    free = {resource: have[resource] - spoken_for.get(resource, 0) for resource in have}
    return [one.job_id for one in waiting if fits(one.needs, free)][:most]


def _kind(resource: str) -> Kind:
    return next(kind for kind in KINDS if resource.startswith(f"{kind}:"))

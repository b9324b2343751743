"""When what fails, and when what is asked for: a plan that a seed determines. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

CALM_AT_FIRST_S = 2.0


@dataclass(frozen=True, slots=True)
class Range:
    """Seconds, from and to."""

    least_s: float
    most_s: float

    def drawn(self, chance: random.Random) -> float:
        return round(chance.uniform(self.least_s, self.most_s), 2)


@dataclass(frozen=True, slots=True)
class Track:
    """What befalls one target. `faults`: kinds with how long each lasts; `gap`: from the end of one to the next."""

    faults: Mapping[str, Range]
    gap: Range


AT_ONCE = Range(0.0, 0.0)
LONGER_THAN_A_LEASE = Range(5.0, 9.0)
TRACKS: Mapping[str, Track] = {
    "worker 1": Track({"kill": AT_ONCE, "freeze": LONGER_THAN_A_LEASE, "restart": AT_ONCE}, Range(4, 14)),
    "worker 2": Track({"kill": AT_ONCE, "freeze": LONGER_THAN_A_LEASE, "restart": AT_ONCE}, Range(4, 14)),
    "api": Track({"kill": AT_ONCE, "freeze": Range(1, 6), "restart": AT_ONCE}, Range(5, 15)),
    # fewer crashes than those after which the keeper of the embedded server gives up
    "database": Track(
        {"kill": AT_ONCE, "freeze": LONGER_THAN_A_LEASE, "disconnect": AT_ONCE, "restart": AT_ONCE}, Range(15, 30)
    ),
    "ffmpeg": Track({"kill": AT_ONCE, "freeze": Range(1, 6)}, Range(3, 9)),
    "disk": Track({"fill": Range(3, 8)}, Range(15, 35)),
    "receiver": Track(
        {"refuse": Range(2, 5), "hang": Range(2, 6), "fail": Range(2, 6), "cut": Range(2, 6)}, Range(3, 10)
    ),
}
"""Every target on a clock of its own: faults of several overlap."""

WORKS = (
    *("trim", "trim", "smart", "overlay", "transcode", "twins", "batch"),
    *("import", "upload", "cancelled", "missing", "garbage"),
)
"""Kinds of work, as often as they come: see work.py."""
WORK_GAP = Range(0.5, 4.0)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """At `at_s` from the beginning, for `lasts_s`; 0: at once."""

    at_s: float
    target: str
    kind: str
    lasts_s: float


@dataclass(frozen=True, slots=True, order=True)
class Work:
    """Something that is asked for. `number` makes it differ from others of its kind; `repeats`: so often the request
    is sent once more after it was answered."""

    at_s: float
    kind: str
    number: int
    repeats: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """What happens in a run; both in the order of their times."""

    faults: tuple[Fault, ...]
    works: tuple[Work, ...]


def schedule(seed: int, length_s: float) -> Schedule:
    """Return the plan of a run. The same seed and length give the same; a longer one begins as a shorter one does.

    Each target's kinds of faults come in a drawn order, and none a second time before all have come.
    """
    faults = [fault for target in TRACKS for fault in _faults(seed, target, length_s)]
    return Schedule(tuple(sorted(faults)), tuple(_works(seed, length_s)))


def _faults(seed: int, target: str, length_s: float) -> Iterator[Fault]:
    chance, track = random.Random(f"{seed} {target}"), TRACKS[target]
    at_s = CALM_AT_FIRST_S
    for kind in _in_turn(chance, tuple(track.faults)):
        at_s = round(at_s + track.gap.drawn(chance), 2)
        lasts_s = track.faults[kind].drawn(chance)
        if at_s + lasts_s > length_s:
            return
        yield Fault(at_s, target, kind, lasts_s)
        at_s += lasts_s


def _works(seed: int, length_s: float) -> Iterator[Work]:
    chance, at_s = random.Random(f"{seed} work"), 0.0
    for number, kind in enumerate(_in_turn(chance, WORKS)):
        at_s = round(at_s + WORK_GAP.drawn(chance), 2)
        if at_s > length_s:
            return
        yield Work(at_s, kind, number, chance.choice((0, 0, 1, 2)))


def _in_turn(chance: random.Random, kinds: tuple[str, ...]) -> Iterator[str]:
    while True:
        yield from chance.sample(kinds, len(kinds))

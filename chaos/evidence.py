"""What was seen of a run, by those who asked for work, by those who listened, and in the service itself afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Asked:
    """What was asked for under one Idempotency-Key. `name`: the external id of all its jobs."""

    name: str
    kind: str
    expected: frozenset[str]
    """Outcomes that would be true: SUCCESS, CANCELLED, or the code of a failure that is the job's own."""
    frames: int | None = None
    """So many each of its results has, as whoever asks can tell; None: it is left to the plan."""
    answers: list[tuple[str, ...]] = field(default_factory=list)
    """The jobs that each of its answers named: none of a request that was refused or never answered."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A job as its row tells of it. `outcome`: its state, of a failure the code."""

    job: str
    name: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Made:
    """A result as it was decoded. `planned`: so many frames were promised; None: their number was not. Of sound nobody
    counts: it has no `name` either."""

    job: str
    file: str
    name: str | None
    planned: int | None
    seen: int
    fault: str = ""
    """Why it could not be decoded to its end."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of the project's log."""

    seq: int
    id: str
    type: str
    subject: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that came to an endpoint, in the order of arrival. `fault`: why it cannot be trusted."""

    webhook_id: str
    seq: int
    subject: str
    body: bytes
    fault: str = ""


@dataclass(slots=True)
class Endpoint:
    """A receiver of webhooks. `due`: what it had to be told."""

    name: str
    due: tuple[Happened, ...] = ()
    arrivals: list[Arrival] = field(default_factory=list)


@dataclass(slots=True)
class Evidence:
    """All of it. `heard`: the numbers that each consumer of the log saw, as it saw them; `followed`: by job the numbers
    of its own transitions that somebody saw, with how many there are."""

    asked: list[Asked] = field(default_factory=list)
    odd_answers: list[str] = field(default_factory=list)
    """Answers that no client should get."""
    ended: list[Ended] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    log: list[Happened] = field(default_factory=list)
    heard: dict[str, list[int]] = field(default_factory=dict)
    followed: dict[str, tuple[list[int], int]] = field(default_factory=dict)
    endpoints: list[Endpoint] = field(default_factory=list)
    state: Mapping[str, list[str]] = field(default_factory=dict)
    """What is wrong in the service at rest, by the invariant (tests/support/invariants.py)."""

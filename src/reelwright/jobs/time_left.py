"""The seconds that are left of a job at work, as its row says it: what was foretold at its start, and more and more
what is measured of it. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import msgspec

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs import calibration
from reelwright.jobs.overdue import left_after
from reelwright.jobs.past_jobs import Foretold
from reelwright.jobs.time_before_progress import worked_s

SETTLED_S = 6.0
"""So long after its start a command has the speed of the rest; before, what it looks ahead at makes it seem slower."""
MIN_RUN_S = 1.5
"""Before that nothing is said of a first command."""
MIN_PROGRESS = 10
"""Per cent that have to be done before the time that they took says something of the rest."""


def kept(job: Job) -> Foretold:
    """Return what was foretold of the job; nothing where that was another release."""
    try:
        return msgspec.convert(job.forecast or {}, Foretold)
    except msgspec.ValidationError:
        return Foretold()


def seconds_left(job: Job, passed_s: float = 0.0) -> SecondsLeft | None:
    """Return the seconds until a job at work has ended. `passed_s`: since its row was written. None while nothing is
    known: of a job that does not run, and of one of whose kind none was made, at its start."""
    if job.status is not JobStatus.STARTED:
        return None
    foretold = kept(job)
    if foretold.seconds is not None and job.attempt > 1 and not job.speed:
        return left_after(_begun_again(foretold.seconds, job.progress / 100), passed_s)
    points = calibration.UNKNOWN
    if foretold.seconds is not None:
        points = (_start(foretold.seconds), *(foretold.points or points))
    point = calibration.at(points, job.progress)
    said = calibration.said(likely_left_s(foretold, job.progress), measured_s(job), point.trust)
    if said is None:
        return None
    low, middle, high = (said * math.exp(by) for by in (point.low, point.middle, point.high))
    return left_after(SecondsLeft(low_s=low, likely_s=middle, high_s=high), passed_s)


def left_part(percent: float) -> float:
    """Return what part of a job is left at so many per cent. Those are whole, and fall behind by half of one."""
    return min((100.5 - percent) / 100, 1.0)


def likely_left_s(foretold: Foretold, percent: float) -> float | None:
    """Return the seconds that are left at so many per cent, by what was foretold. What goes before the first of them is
    over then."""
    if foretold.seconds is None:
        return None
    likely_s = foretold.seconds.likely_s
    return (worked_s(likely_s, foretold.lead_s) if percent > 0 else likely_s) * left_part(percent)


def _start(told: SecondsLeft) -> calibration.Checkpoint:
    """Return what is known of a job that has not come far: what was foretold of it."""
    likely_s = max(told.likely_s, calibration.FLOOR_S)
    low, high = (math.log(max(end, calibration.FLOOR_S) / likely_s) for end in (told.low_s, told.high_s))
    return calibration.Checkpoint(0.0, 0.0, min(low, 0.0), 0.0, max(high, 0.0))


def _begun_again(whole: SecondsLeft, reached: float) -> SecondsLeft:
    """What is left of a later attempt that may be behind what an earlier one has reached: nobody knows by how much."""
    return SecondsLeft(
        low_s=whole.low_s * (1 - reached), likely_s=whole.likely_s * (1 - reached / 2), high_s=whole.high_s
    )


@dataclass(frozen=True, slots=True)
class Underway:
    """What is measured of a job at work: how far it is, per cent, how fast its command goes, what its commands weigh.
    `elapsed_s`: since its start; None where that says nothing of the rest: a later attempt's start is not written down,
    and who shares an encode may have come to it late; `lead_s`: what of that such jobs take before their percentage
    rises."""

    progress: int
    speed: float | None
    recipe: Mapping[str, Any]
    elapsed_s: float | None
    lead_s: float = 0.0

    @classmethod
    def of(cls, job: Job) -> Underway:
        elapsed_s = None
        if job.reused_from_job_id is None and job.attempt == 1 and job.started_at is not None:
            elapsed_s = (job.updated_at - job.started_at).total_seconds()
        return cls(job.progress, job.speed, job.recipe_json or {}, elapsed_s, kept(job).lead_s)


def measured_s(job: Job) -> float | None:
    """Return the seconds that are left by what is measured of a job; None of one that is not at work, too."""
    return left_s(Underway.of(job)) if job.status is JobStatus.STARTED else None


def left_s(work: Underway) -> float | None:
    """Return the seconds that are left, by the speed of the command that runs: what is left of it and of those behind
    it, as they weigh. As long as that is young, rather by the time that all before took.

    None while too little is known: at the start, from sound that is only measured, and while an attempt is behind what
    an earlier one reached.
    """
    if (transfer := work.recipe.get("transfer")) is not None:
        return _of_transfer(transfer)
    if not (commands := work.recipe.get("commands", [])):
        return None
    before, behind = (work.recipe.get(name, 0.0) for name in ("drawing_weight", "checking_weight"))
    ends = list(accumulate((command.get("weight", 1.0) for command in commands), initial=before))[1:]
    whole = ends[-1] + behind
    per_cent = whole / 100
    reached = work.progress * per_cent
    number = next((number for number, end in enumerate(ends) if reached < end), None)
    if number is None or reached < before:
        return _rounded(_by_elapsed(work))
    running, weight = commands[number], commands[number].get("weight", 1.0)
    if running.get("gains"):
        return None
    by_elapsed = _by_elapsed(work)
    next_may_run = number + 1 < len(ends) and ends[number] < reached + per_cent
    if not work.speed or next_may_run:
        return _rounded(by_elapsed)
    lasts_s = _seconds(running["expected_s"]) / work.speed
    by_speed: float = (whole - reached) / weight * lasts_s
    ran_s: float = (reached - ends[number] + weight) / weight * lasts_s
    if by_elapsed is None:
        return _rounded(by_speed) if ran_s >= MIN_RUN_S else None
    trust = min(ran_s / SETTLED_S, 1.0)
    return _rounded(trust * by_speed + (1 - trust) * by_elapsed)


def _of_transfer(transfer: Mapping[str, Any]) -> float | None:
    """Return the seconds that are left of an import, by its speed of late."""
    if not transfer["size_bytes"] or not transfer["bytes_per_s"]:
        return None
    return _rounded((transfer["size_bytes"] - transfer["received_bytes"]) / transfer["bytes_per_s"])


def _by_elapsed(work: Underway) -> float | None:
    """Return the seconds that are left if the rest goes on as all before, but for what goes before the work."""
    if work.elapsed_s is None or work.progress < MIN_PROGRESS:
        return None
    return worked_s(work.elapsed_s, work.lead_s) * (100 - work.progress) / work.progress


def _rounded(left_s: float | None) -> float | None:
    return None if left_s is None else round(left_s, 1)


def _seconds(fraction: str) -> float:
    over, _, under = fraction.partition("/")
    return float(over) / float(under or 1)

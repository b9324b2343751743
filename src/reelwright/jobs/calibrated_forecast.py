"""What is foretold of a job: the forecast by earlier ones, put right by how wrong such forecasts have been. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from reelwright.edits.seconds_left import SecondsLeft
from reelwright.jobs import calibration, forecast
from reelwright.jobs.calibration import Error, Midway
from reelwright.jobs.forecast import Forecast, Work
from reelwright.jobs.past_jobs import Foretold, Past, PastJob
from reelwright.jobs.time_before_progress import usual_lead_s
from reelwright.jobs.time_left import likely_left_s

NEWEST = 100
"""So many jobs are looked at for their errors: those of older ones count next to nothing."""


def seconds_of_work(work: Work | None, past: Past, machine: str = "") -> tuple[Forecast, Forecast] | None:
    """Return how long a worker will be at it, from its start to the published result, by the cases alone and as it is
    to be told; None where too little is known. `machine`: that will make it, where that is known."""
    if work is None:
        return None
    closest = replace(work, kinds=((machine, *work.kinds[0]), *work.kinds)) if machine else work
    if (model := forecast.seconds_of_work(closest, past.cases)) is None:
        return None
    return model, calibration.calibrated(model, _errors(past, model.expected))


def foretold(work: Work | None, past: Past) -> Foretold:
    """Return what a job is to keep of it that waits."""
    return _kept(work, seconds_of_work(work, past))


def foretold_at_start(work: Work | None, past: Past, machine: str) -> Foretold:
    """Return what a job is to keep that begins: also what is known of others on their way."""
    kept = _kept(work, seconds_of_work(work, past, machine))
    if kept.model is None:
        return kept
    seen = [one for age, job in enumerate(past.jobs[:NEWEST]) for one in _seen(age, job, kept.model[0])]
    return replace(kept, points=calibration.checkpoints(seen), lead_s=usual_lead_s(work, past))


def _kept(work: Work | None, found: tuple[Forecast, Forecast] | None) -> Foretold:
    if found is None:
        return Foretold(work=work)
    model, told = found
    seconds = SecondsLeft(low_s=told.low, likely_s=told.expected, high_s=told.high)
    return Foretold(work=work, model=(model.expected, model.spread), seconds=seconds)


def _errors(past: Past, lasts_s: float) -> list[Error]:
    """What came of what cases alone had foretold, for one of whom they foretell so many seconds."""
    return [
        Error(
            calibration.error(job.seconds, *job.foretold.model),
            calibration.weight(age, job.foretold.model[0], lasts_s),
        )
        for age, job in enumerate(past.jobs[:NEWEST])
        if job.foretold.model is not None
    ]


def _seen(age: int, job: PastJob, lasts_s: float) -> list[Midway]:
    if job.took is None or job.foretold.model is None:
        return []
    weight = calibration.weight(age, job.foretold.model[0], lasts_s)
    return [
        Midway(
            mark.percent,
            job.seconds - mark.elapsed_s,
            likely_left_s(job.foretold, mark.percent),
            mark.measured_s,
            weight,
        )
        for mark in job.took.marks
        if job.seconds > mark.elapsed_s
    ]

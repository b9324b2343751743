"""How long jobs are at work before their percentage begins to rise, by what earlier ones took. Pure.

Programs start, a decoder works its way from a key frame to the first frame that is wanted, an encoder looks ahead.
After that the rest goes by the percentage; of short jobs it is half of all.
"""

from __future__ import annotations

import statistics

from reelwright.jobs.forecast import Work
from reelwright.jobs.past_jobs import Past, PastJob, alike

NEWEST = 8
"""So many earlier jobs count."""
LEAST_MARKS = 2
LEAST_WORKED = 0.2
"""Of any time at work: as long as a lead is only what is usual."""


def worked_s(seconds: float, lead_s: float) -> float:
    """Return how much of so many seconds since the start goes by the percentage."""
    return max(seconds - lead_s, LEAST_WORKED * seconds)


def lead_s(job: PastJob) -> float | None:
    """Return where the straight line through a job's marks and its end begins, in seconds after its start; None where
    there are too few."""
    if job.took is None or len(job.took.marks) < LEAST_MARKS:
        return None
    percents = [*(float(mark.percent) for mark in job.took.marks), 100.0]
    elapsed_s = [*(mark.elapsed_s for mark in job.took.marks), job.seconds]
    return max(statistics.linear_regression(percents, elapsed_s).intercept, 0.0)


def usual_lead_s(work: Work | None, past: Past) -> float:
    """Return the same as it usually is for work of the closest kind; 0 where nothing is known."""
    if work is None:
        return 0.0
    marked = (job for job in past.jobs if job.took is not None and len(job.took.marks) >= LEAST_MARKS)
    leads = [lead for _, job in alike(work, marked)[:NEWEST] if (lead := lead_s(job)) is not None]
    return round(statistics.median(leads), 3) if leads else 0.0

"""What a job's row says of its outputs and of the time that is left. Pure."""

from __future__ import annotations

from enum import StrEnum
from itertools import accumulate

from reelwright.db.models import Job
from reelwright.edits.vocabulary import JobStatus


class OutputState(StrEnum):
    """All outputs of a job are rendered at the same time and published together or not at all. When one fails, the
    others are cancelled. Afterwards each can be deleted."""

    WAITING = "waiting"
    RENDERING = "rendering"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"
    DONE = "done"
    DELETED = "deleted"
    FAILED = "failed"
    CANCELLED = "cancelled"


_BY_STAGE = {
    "render": OutputState.RENDERING,
    "verify": OutputState.VERIFYING,
    "publish": OutputState.PUBLISHING,
}
_BY_STATUS = {
    JobStatus.PENDING: OutputState.WAITING,
    JobStatus.SUCCESS: OutputState.DONE,
    JobStatus.CANCELLED: OutputState.CANCELLED,
}


def output_state(job: Job, index: int) -> OutputState:
    if job.status is JobStatus.STARTED:
        return _BY_STAGE.get(job.stage or "", OutputState.WAITING)
    if job.status is JobStatus.FAILURE:
        guilty = (job.error or {}).get("output_index")
        return OutputState.FAILED if guilty in (None, index) else OutputState.CANCELLED
    return _BY_STATUS[job.status]


def eta_s(job: Job) -> float | None:
    """By the speed of the command that runs: what is left of it and of those behind it, as they weigh. None while the
    speed is not known: before ffmpeg has said it, and while an attempt is behind what an earlier one reached."""
    commands = (job.recipe_json or {}).get("commands", [])
    if job.status is not JobStatus.STARTED or not job.speed or not commands:
        return None
    ends = list(accumulate(command.get("weight", 1.0) for command in commands))
    reached = ends[-1] * job.progress / 100
    running = next(command for command, end in zip(commands, ends, strict=True) if reached < end)
    whole_s: float = ends[-1] * _seconds(running["expected_s"]) / (job.speed * running.get("weight", 1.0))
    return round((100 - job.progress) / 100 * whole_s, 1)


def _seconds(fraction: str) -> float:
    over, _, under = fraction.partition("/")
    return float(over) / float(under or 1)

"""How far each output of a job is, as the job's row says it. Pure."""

from __future__ import annotations

from enum import StrEnum

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus


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

"""The JSON of what is told of a job while it is followed live."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from reelwright.api.schemas.base import Timestamp
from reelwright.api.schemas.imports import TransferOut
from reelwright.api.schemas.jobs import Progress
from reelwright.db.models import Job, JobEvent
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.edits.seconds_left import Eta, SecondsLeft


class StateEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="state"):
    """A transition of a job, as `event: state`; its id is the sequence number."""

    job_id: uuid.UUID
    status: JobStatus
    attempt: int
    at: Timestamp
    data: dict[str, Any]

    @classmethod
    def of(cls, event: JobEvent) -> StateEvent:
        return cls(
            job_id=event.job_id,
            status=JobStatus(event.type),
            attempt=event.attempt,
            at=event.created_at,
            data=event.data,
        )


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="progress"):
    """How far a job is, as `event: progress`; `eta_s` is the middle of `eta`. `received_bytes` and `size_bytes`: of an
    import."""

    job_id: uuid.UUID
    status: JobStatus
    progress: Progress
    stage: str | None
    speed: float | None
    eta_s: float | None
    eta: Eta
    received_bytes: int | None = None
    size_bytes: int | None = None

    @classmethod
    def of(cls, job: Job, left: SecondsLeft | None) -> ProgressEvent:
        """`left`: until it has ended."""
        transfer = TransferOut.of(job)
        return cls(
            job_id=job.id,
            status=job.status,
            progress=job.progress,
            stage=job.stage,
            speed=job.speed,
            eta_s=None if left is None else left.likely_s,
            eta=left,
            received_bytes=None if transfer is None else transfer.received_bytes,
            size_bytes=None if transfer is None else transfer.size_bytes,
        )

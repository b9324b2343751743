"""How far a job is, as webhooks and the feed of a project are told of it."""

from __future__ import annotations

import datetime
import uuid

import msgspec

from reelwright.db.models import Job
from reelwright.edits.labels import Labels
from reelwright.events.event import ID_PREFIX, PROGRESS, JobProgressData, ProgressMessage, as_told
from reelwright.jobs.time_left import seconds_left


def message_of(job: Job) -> ProgressMessage:
    """Return how far a job is, as it is told."""
    left = seconds_left(job)
    data = JobProgressData(
        job_id=job.id,
        job_type=job.type,
        status=job.status,
        attempt=job.attempt,
        progress=job.progress,
        stage=job.stage,
        eta_s=None if left is None else left.likely_s,
        eta=left,
        video_id=job.video_id,
        **as_told(msgspec.convert(job.labels, Labels)),
    )
    now = datetime.datetime.now(datetime.UTC)
    return ProgressMessage(id=f"{ID_PREFIX}{uuid.uuid4().hex}", type=PROGRESS, timestamp=now, data=data)

"""Gives account of one attempt: a log line, a time and a span for each of its stages, and a line for its end."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from reelwright.db.models import Job
from reelwright.errors import JobFailed, LeaseLost
from reelwright.jobs.lifecycle import Claim
from reelwright.telemetry import metrics, tracing

logger = logging.getLogger(__name__)


class Account:
    """Entered when the job is claimed, left when the attempt has ended, with what ended it. `stage`: fetch, render,
    verify, publish."""

    def __init__(self, claim: Claim, job: Job) -> None:
        self.kind = job.type.value
        self.stage = "fetch"
        self.speed: float | None = None
        """Seconds of output that the render made in a second."""
        self.output_s = 0.0
        """How long the output will last, as soon as that is known."""
        self._about: dict[str, Any] = {"job_id": str(claim.job_id), "kind": self.kind, "attempt": claim.attempt}
        self._waited_s = None
        if claim.attempt == 1 and job.started_at is not None:
            self._waited_s = (job.started_at - job.created_at).total_seconds()
        self._began = self._stage_began = time.monotonic()
        self._span = ExitStack()

    def __enter__(self) -> Account:
        waited = {}
        if self._waited_s is not None:
            metrics.STAGE_TIME.labels(self.kind, "queued").observe(self._waited_s)
            waited["waited_s"] = round(self._waited_s, 3)
        logger.info("job started", extra=self._about | waited)
        self._begin("fetch")
        return self

    def enter(self, stage: str) -> None:
        """The stage before it has ended well."""
        self._end()
        self._begin(stage)

    def back_to(self, stage: str) -> None:
        """The stage that it is in has failed: once more from that one on, in another way."""
        self._span.close()
        self._begin(stage)

    def _begin(self, stage: str) -> None:
        self.stage = stage
        self._stage_began = time.monotonic()
        self._span.enter_context(tracing.span(stage, self._attributes))

    def _end(self) -> None:
        duration_s = time.monotonic() - self._stage_began
        fields: dict[str, Any] = {"stage": self.stage, "duration_s": round(duration_s, 3)}
        metrics.STAGE_TIME.labels(self.kind, self.stage).observe(duration_s)
        if self.stage == "render":
            self.speed = self.output_s / duration_s
            metrics.FFMPEG_SPEED.labels(self.kind).observe(self.speed)
            fields["speed"] = round(self.speed, 3)
        logger.info("stage ended", extra=self._about | fields)
        self._span.close()

    @property
    def _attributes(self) -> tracing.Attributes:
        return {"job.id": self._about["job_id"], "job.kind": self.kind, "job.attempt": self._about["attempt"]}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self._end()
        else:
            self._span.__exit__(kind, error, at)
        duration_s = time.monotonic() - self._began
        about = self._about | {"duration_s": round(duration_s, 3)}
        outcome = "failed"
        match error:
            case None:
                outcome = "succeeded"
                speed = None if self.speed is None else round(self.speed, 3)
                logger.info("job finished", extra=about | {"speed": speed})
            case LeaseLost() | asyncio.CancelledError():
                outcome = "interrupted"
                logger.info("job interrupted", extra=about | {"stage": self.stage})
            case JobFailed(of_machine=True):
                outcome = "interrupted"
                found = {"code": error.code, "stage": error.stage, "exit_status": error.evidence.exit_status}
                logger.warning("this machine could not do the job: %s", error.detail, extra=about | found)
            case JobFailed():
                found = {"code": error.code, "stage": error.stage, "exit_status": error.evidence.exit_status}
                logger.error("job failed: %s", error.detail, extra=about | found)
            case _:
                logger.error(
                    "job failed: %s", type(error).__name__, extra=about | {"code": "internal", "stage": self.stage}
                )
        metrics.JOB_TIME.labels(self.kind, outcome).observe(duration_s)

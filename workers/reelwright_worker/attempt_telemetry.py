"""Log lines, times and spans of one attempt: of each of its stages, and of its end. It listens and decides nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from reelwright.db.models import Job
from reelwright.errors import JobFailed, LeaseLost
from reelwright.jobs.fencing import Claim
from reelwright.telemetry import metrics, tracing
from reelwright.telemetry.spans import Attributes

logger = logging.getLogger(__name__)


class AttemptTelemetry:
    """Entered when the job is claimed, left when the attempt has ended, with what ended it.

    The attempt says which stage it is in; nothing is asked of this.
    """

    def __init__(self, claim: Claim, job: Job) -> None:
        self._kind = job.type.value
        self._stage = "fetch"
        self._speed: float | None = None
        """Seconds of output that the render made in a second."""
        self._output_s = 0.0
        self._about: dict[str, Any] = {"job_id": str(claim.job_id), "kind": self._kind, "attempt": claim.attempt}
        self._waited_s = None
        if claim.attempt == 1 and job.started_at is not None:
            self._waited_s = (job.started_at - job.created_at).total_seconds()
        self._began = self._stage_began = time.monotonic()
        self._span = ExitStack()

    def __enter__(self) -> AttemptTelemetry:
        waited = {}
        if self._waited_s is not None:
            metrics.STAGE_TIME.labels(self._kind, "queued").observe(self._waited_s)
            waited["waited_s"] = round(self._waited_s, 3)
        logger.info("job started", extra=self._about | waited)
        self._begin("fetch")
        return self

    def planned(self, output_s: float) -> None:
        """Hear how long the output will last."""
        self._output_s = output_s

    def stage(self, stage: str) -> None:
        """Hear that the attempt goes on to a stage: the one before it has ended well."""
        self._end()
        self._begin(stage)

    def stage_again(self, stage: str) -> None:
        """Hear that the stage it was in has failed: the attempt goes on from this one, in another way."""
        self._span.close()
        self._begin(stage)

    def _begin(self, stage: str) -> None:
        self._stage = stage
        self._stage_began = time.monotonic()
        self._span.enter_context(tracing.span(stage, self._attributes))

    def _end(self) -> None:
        duration_s = time.monotonic() - self._stage_began
        fields: dict[str, Any] = {"stage": self._stage, "duration_s": round(duration_s, 3)}
        metrics.STAGE_TIME.labels(self._kind, self._stage).observe(duration_s)
        if self._stage == "render":
            self._speed = self._output_s / duration_s
            metrics.FFMPEG_SPEED.labels(self._kind).observe(self._speed)
            fields["speed"] = round(self._speed, 3)
        logger.info("stage ended", extra=self._about | fields)
        self._span.close()

    @property
    def _attributes(self) -> Attributes:
        return {"job.id": self._about["job_id"], "job.kind": self._kind, "job.attempt": self._about["attempt"]}

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
                speed = None if self._speed is None else round(self._speed, 3)
                logger.info("job finished", extra=about | {"speed": speed})
            case LeaseLost() | asyncio.CancelledError():
                outcome = "interrupted"
                logger.info("job interrupted", extra=about | {"stage": self._stage})
            case JobFailed(of_machine=True):
                outcome = "interrupted"
                failure = {"code": error.code, "stage": error.stage, "exit_status": error.evidence.exit_status}
                logger.warning("this machine could not do the job: %s", error.detail, extra=about | failure)
            case JobFailed():
                failure = {"code": error.code, "stage": error.stage, "exit_status": error.evidence.exit_status}
                logger.error("job failed: %s", error.detail, extra=about | failure)
            case _:
                logger.error(
                    "job failed: %s", type(error).__name__, extra=about | {"code": "internal", "stage": self._stage}
                )
        metrics.JOB_TIME.labels(self._kind, outcome).observe(duration_s)

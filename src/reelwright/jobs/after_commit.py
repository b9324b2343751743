"""Tells of a job's transitions once they are committed: counted and logged then, and not at all when rolled back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from reelwright.db.sessions import after_commit
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.telemetry import metrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Transition:
    """A job that has come into a status. `message`: for a log line, where nobody else logs it. `code`: of the
    failure behind it; `charged`: the job is to blame for it, and not the machine. `reused`: what it takes instead of
    making it: the `result` of an equal job, or its `encode` that is under way."""

    job_id: uuid.UUID
    type: JobType
    status: JobStatus
    message: str | None = None
    code: str | None = None
    charged: bool = True
    reused: str | None = None


def announce(session: AsyncSession, transition: Transition) -> None:
    """Count and log the transition when the session commits."""
    session.info.setdefault(__name__, []).append(transition)


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if (transitions := session.info.pop(__name__, None)) is not None:
        after_commit(session, partial(_tell, transitions))


def _tell(transitions: Sequence[Transition]) -> None:
    for transition in transitions:
        metrics.TRANSITIONS.labels(transition.type.value, transition.status.value).inc()
        if transition.code is not None and not transition.charged:
            metrics.POSTPONEMENTS.labels(transition.type.value, transition.code).inc()
        elif transition.code is not None:
            metrics.FAILURES.labels(transition.type.value, transition.code, transition.status.value).inc()
        if transition.reused is not None:
            metrics.REUSED.labels(transition.type.value, transition.reused).inc()
        if transition.message is not None:
            logger.info(
                "%s", transition.message, extra={"job_id": str(transition.job_id), "kind": transition.type.value}
            )


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _: object) -> None:
    session.info.pop(__name__, None)

"""Followers: jobs that wait for the encode of an equal one, their leader, are kept in step with it, and end as it does.

Whoever changes followers holds their leader's row: none comes or goes meanwhile but by its own cancellation, for which
its own row is held. What becomes of them when a leader is cancelled: cancel_job (migrations/README.md says where).
"""

from __future__ import annotations

import uuid

import msgspec
from sqlalchemy import ColumnElement, bindparam, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.jobs import job_events, results
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.taken_results import take

UNFINISHED = (JobStatus.PENDING, JobStatus.STARTED)
_Follower = aliased(Job)
IS_FOLLOWED = exists().where(
    _Follower.reused_from_job_id == Job.id,
    _Follower.status.in_(bindparam("unfinished", UNFINISHED, expanding=True, literal_execute=True)),
)
"""The condition of being a job that others follow."""
LEFT_BEHIND = select(Job).from_statement(
    text(
        "WITH RECURSIVE leaders AS ("  # each by one look at the index, however many follow it
        " (SELECT reused_from_job_id AS id FROM jobs"
        " WHERE reused_from_job_id IS NOT NULL AND status IN ('PENDING', 'STARTED')"
        " ORDER BY reused_from_job_id LIMIT 1)"
        " UNION ALL"
        " SELECT next.id FROM leaders CROSS JOIN LATERAL ("
        " SELECT f.reused_from_job_id AS id FROM jobs f"
        " WHERE f.reused_from_job_id > leaders.id AND f.status IN ('PENDING', 'STARTED')"
        " ORDER BY f.reused_from_job_id LIMIT 1) AS next"
        ") SELECT j.* FROM leaders JOIN jobs j ON j.id = leaders.id"
        " WHERE j.status NOT IN ('PENDING', 'STARTED') LIMIT :most FOR UPDATE OF j SKIP LOCKED"
    )
)
"""Jobs that have ended and that others follow still, at most so many, locked."""
OWN_INPUT = frozenset({"input_gone", "file_missing"})
"""Failures that say something of the leader's files and nothing of its followers', which may be others."""

_MIRROR = text("SELECT follower, kind::text FROM mirror_job(:leader_id, CAST(:remark AS jsonb))")
_RELAY = text(
    "WITH relayed AS ("
    " UPDATE jobs f SET progress = greatest(f.progress, l.progress), stage = l.stage, speed = l.speed,"
    " lease_until = l.lease_until, updated_at = now(),"
    " recipe_json = CASE WHEN :with_recipe THEN l.recipe_json ELSE f.recipe_json END"
    " FROM jobs l WHERE l.id = :leader_id AND l.status = 'STARTED'"
    " AND f.reused_from_job_id = l.id AND f.status = 'STARTED'"
    " RETURNING f.id)"
    " SELECT pg_notify(:channel, id::text) FROM relayed"
)

_PROMOTE = text("SELECT promote_follower(l, false) FROM jobs l WHERE l.id = :leader_id")


def of(leader_id: uuid.UUID) -> ColumnElement[bool]:
    """The condition of being one of its followers."""
    return (Job.reused_from_job_id == leader_id) & Job.status.in_(UNFINISHED)


async def mirror(session: AsyncSession, leader_id: uuid.UUID, **remark: str) -> None:
    """Bring them into the state of the leader, which waits or runs. `remark`: what their events say."""
    arguments = {"leader_id": leader_id, "remark": msgspec.json.encode(remark).decode()}
    rows = (await session.execute(_MIRROR, arguments)).all()
    if rows:
        status = (await session.execute(select(Job.status).where(Job.id == leader_id))).scalar_one()
        for job_id, kind in rows:
            announce(session, Transition(job_id, JobType(kind), status))


async def relay(session: AsyncSession, leader_id: uuid.UUID, *, with_recipe: bool = False) -> None:
    """Let them be as far as their leader, which runs. What they have reached never falls."""
    arguments = {"leader_id": leader_id, "with_recipe": with_recipe, "channel": job_events.CHANNEL}
    await session.execute(_RELAY, arguments)


async def fail(session: AsyncSession, leader: Job, code: str, detail: str) -> None:
    """End them as their leader has ended, which failed for good: they would have made the same. Where only its own
    files are to blame, one of them leads the others."""
    if code in OWN_INPUT:
        await promote(session, leader)
        return
    failed = await session.execute(
        update(Job)
        .where(of(leader.id))
        .values(
            status=JobStatus.FAILURE,
            failures=leader.failures,
            error=leader.error,
            error_message=leader.error_message,
            lease_until=None,
            stage=None,
            speed=None,
            finished_at=func.now(),
            updated_at=func.now(),
        )
        .returning(Job.id, Job.type, Job.attempt)
        .execution_options(synchronize_session=False)
    )
    for job_id, kind, attempt in failed.all():
        await job_events.record(session, job_id, attempt, JobStatus.FAILURE, code=code, detail=detail)
        announce(session, Transition(job_id, kind, JobStatus.FAILURE))


async def promote(session: AsyncSession, leader: Job) -> None:
    """Let one of them lead the others, from the queue on: their leader has ended without a result."""
    await session.execute(_PROMOTE, {"leader_id": leader.id})


async def finish(session: AsyncSession, leader: Job) -> None:
    """End those that follow a job which has succeeded, in the transaction that says so and has its results."""
    waiting = await session.scalars(select(Job).where(of(leader.id)).order_by(Job.id).with_for_update())
    if not (jobs := waiting.all()):
        return
    await session.flush()
    _, made = await results.held(session, leader.id)
    for job in jobs:
        await take(session, job, leader, made)


async def end(session: AsyncSession, leader: Job) -> None:
    """End those that follow a job which has ended, whose row is locked, as that has ended; where it was cancelled, or
    its results are gone, one of them leads the others."""
    if leader.status is JobStatus.FAILURE and leader.error is not None:
        await fail(session, leader, leader.error["code"], leader.error["detail"])
    elif leader.status is JobStatus.SUCCESS and (await results.held(session, leader.id))[1]:
        await finish(session, leader)
    else:
        await promote(session, leader)

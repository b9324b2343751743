"""How a worker takes a job: one that waits, or one whose holder let its lease run out.

What decides stands in functions of the database: claim_job, claim_job_with_room (migrations/README.md says in which
files). What the claim is good for afterwards: fencing.py.
"""

from __future__ import annotations

import datetime
import time
import uuid
from typing import Any, Final

from sqlalchemy import BigInteger, Interval, Row, Text, Uuid, bindparam, column, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.capacity.who_gets_room import Amounts
from reelwright.db.models import Job
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.jobs.after_commit import Transition, announce
from reelwright.jobs.expired_jobs import expire
from reelwright.jobs.fencing import Claim

_TAKER: Final = (
    bindparam("job_id", type_=Uuid),
    bindparam("lease", type_=Interval),
    bindparam("token", type_=Uuid),
)
_CLAIM: Final = select(Job, column("followers", JSONB)).from_statement(
    text("SELECT (c.claimed).*, c.followers FROM claim_job(:job_id, :worker, :lease, :token) AS c").bindparams(*_TAKER)
)


_BESIDE_PLAN: Final = ", ".join(f"(c.claimed).{one.name}" for one in Job.__table__.columns if one.name != "plan_json")
_CLAIM_WITH_ROOM: Final = select(Job, column("followers", JSONB)).from_statement(
    text(
        f"SELECT {_BESIDE_PLAN}, c.followers FROM claim_job_with_room("  # noqa: S608 - names of ours
        ":job_id, :worker, :lease, :token, :machine, :resources, :needed, :amounts, :free) AS c"
    ).bindparams(
        *_TAKER,
        bindparam("resources", type_=ARRAY(Text)),
        bindparam("needed", type_=ARRAY(Text)),
        bindparam("amounts", type_=ARRAY(BigInteger)),
        bindparam("free", type_=ARRAY(BigInteger)),
    )
)


async def claim_with_room(
    session: AsyncSession,
    job_id: uuid.UUID,
    *,
    worker: str,
    lease_s: float,
    token: uuid.UUID,
    machine: str,
    needs: Amounts,
    have: Amounts,
) -> tuple[Claim, Job] | None:
    """Take a job as `claim` does, and reserve what it needs of what the machine has, in one statement; None where there
    is nothing to take, and where it is not certain that there is room: nothing is done then. The job is without its
    plan, which tells what it needs: who asks has it."""
    lease, asked_at = datetime.timedelta(seconds=lease_s), time.monotonic()
    arguments = {"job_id": job_id, "worker": worker, "lease": lease, "token": token, "machine": machine}
    amounts = {"amounts": list(needs.values()), "free": [have[resource] for resource in needs]}
    resources = {"resources": sorted(have), "needed": list(needs)}
    taken = (await session.execute(_CLAIM_WITH_ROOM, arguments | resources | amounts)).one_or_none()
    return None if taken is None else _begun(session, taken, token, asked_at)


async def claim(
    session: AsyncSession, job_id: uuid.UUID, *, worker: str, lease_s: float, token: uuid.UUID | None = None
) -> tuple[Claim, Job] | None:
    """Take a waiting job, or one whose holder let its lease run out; None when there is nothing to take. `token`: of
    the claim, by which the caller finds it where the answer to its commit is lost."""
    lease, token, asked_at = datetime.timedelta(seconds=lease_s), token or uuid.uuid4(), time.monotonic()
    arguments = {"job_id": job_id, "worker": worker, "lease": lease, "token": token}
    taken = (await session.execute(_CLAIM, arguments)).one_or_none()
    if taken is None:
        await expire(session, job_id)
        return None
    return _begun(session, taken, token, asked_at)


def _begun(session: AsyncSession, taken: Row[Job, Any], token: uuid.UUID, asked_at: float) -> tuple[Claim, Job]:
    """Have it told at the commit that a job begins, and those that follow it."""
    job, mirrored = taken
    announce(session, Transition(job.id, job.type, JobStatus.STARTED))
    for follower, kind in mirrored:
        announce(session, Transition(uuid.UUID(follower), JobType(kind), JobStatus.STARTED))
    return Claim(job.id, job.attempt, token, asked_at), job

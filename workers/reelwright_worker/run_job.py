"""A job in the hands of a worker: claim it, make one attempt at it, write down how that ended."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from reelwright import fault_points
from reelwright.cancellation import finished
from reelwright.capacity.need import Need
from reelwright.capacity.who_gets_room import Shortage
from reelwright.db.models import Job
from reelwright.db.outages import is_away
from reelwright.edits.kinds_and_states import JobType
from reelwright.edits.plan import Plan
from reelwright.errors import JobFailed, LeaseLost
from reelwright.jobs import claims, failed_attempts, lifecycle, machine_to_blame, room
from reelwright.jobs.blame import blamed
from reelwright.jobs.fencing import Claim
from reelwright.jobs.footprint import footprint, import_footprint
from reelwright.storage.work_folder import WorkFolder
from reelwright.telemetry import metrics
from reelwright_worker.attempt import Attempt
from reelwright_worker.attempt_telemetry import AttemptTelemetry
from reelwright_worker.context import WorkerContext
from reelwright_worker.fenced_publication import COMMIT_RETRY_S
from reelwright_worker.import_attempt import ImportAttempt
from reelwright_worker.plan_version import understood

logger = logging.getLogger(__name__)

SETTLE_S = 8.0
"""How long an attempt that was cancelled tries to say so to a database that is away."""


async def run_job(
    ctx: WorkerContext, job_id: uuid.UUID, *, plan: str | None = None, claimed: Callable[[], object] = lambda: None
) -> None:
    """Claim the job and bring it to an end; nothing to do when somebody else has it or it has ended. `plan`: as it is
    stored, where that was seen already; `claimed`: called when it is known whether the job is ours.

    Cancelled when the worker stops, which gives the job to another, or when the client cancelled it.
    """
    claiming = asyncio.create_task(_claim(ctx, job_id, plan))
    claiming.add_done_callback(lambda _: claimed())
    try:
        if (taken := await finished(claiming)) is not None:
            await _attempt(ctx, *taken)
    except asyncio.CancelledError:
        if claiming.exception() is None and (taken := claiming.result()) is not None:
            await finished(_settle(ctx, taken[0], "handed back", lifecycle.hand_back))
        raise


class _NoRoom(Exception):
    """Undoes a claim: there is too little of something on this machine."""

    def __init__(self, need: Need, short: Shortage) -> None:
        super().__init__(short.detail)
        self.need = need
        self.short = short


class _Taken(NamedTuple):
    claim: Claim
    job: Job
    plan: Plan | None
    """None: it has none, or it is not understood; the attempt says why."""


async def _claim(ctx: WorkerContext, job_id: uuid.UUID, stored: str | None) -> _Taken | None:
    """Claim the job, and reserve what it takes; where there is no room, it is put back, and where nobody knows whether
    the claim was committed, too: nobody else would look for long, and then it would count as a failure."""
    token = uuid.uuid4()
    try:
        try:
            if (taken := await _claimed_at_once(ctx, job_id, token, stored)) is None:
                async with ctx.sessions.begin() as session:
                    taken = await _claimed(ctx, session, job_id, token)
        except _NoRoom as refused:
            logger.info("job %s waits: %s", job_id, refused)
            metrics.NO_ROOM.labels(refused.short.kind).inc()
            async with ctx.sessions.begin() as session:
                await room.wait(session, job_id, refused.need, refused.short, ctx.place)
            return None
    except Exception as error:
        if not is_away(error):
            raise
        logger.warning("job %s could not be claimed, and is queued again: %r", job_id, error)
        await _settle(ctx, Claim(job_id, 0, token), "handed back", lifecycle.hand_back)
        return None
    if taken is None:
        logger.info("job %s needs no work", job_id)
    return taken


async def _claimed_at_once(
    ctx: WorkerContext, job_id: uuid.UUID, token: uuid.UUID, stored: str | None
) -> _Taken | None:
    """The same in one round trip, for a job whose plan was seen already; None where that is not enough."""
    look, plan = ctx.machine.look, _plan(stored)
    if look is None or plan is None:
        return None
    async with ctx.sessions.single_statements() as session:
        taken = await claims.claim_with_room(
            session,
            job_id,
            worker=ctx.machine.name,
            lease_s=ctx.settings.lease_s,
            token=token,
            machine=look.machine,
            needs=look.needs(footprint(plan, ctx.machine.capabilities.threads)),
            have=look.have,
        )
        await session.commit()
    return None if taken is None else _Taken(*taken, plan)


async def _claimed(ctx: WorkerContext, session: AsyncSession, job_id: uuid.UUID, token: uuid.UUID) -> _Taken | None:
    """Raises _NoRoom."""
    lease_s = ctx.settings.lease_s
    taken, look = await asyncio.gather(
        claims.claim(session, job_id, worker=ctx.machine.name, lease_s=lease_s, token=token),
        asyncio.to_thread(ctx.place.seen),
    )
    if taken is None:
        return None
    claim, job = taken
    plan = _plan(job.plan_json)
    if look is not None:
        need = _need(ctx, job, plan)
        if (short := await room.take(session, claim, job, need, look, lasts_s=lease_s)) is not None:
            raise _NoRoom(need, short)
    return _Taken(claim, job, plan)


def _plan(stored: str | dict[str, Any] | None) -> Plan | None:
    try:
        return understood(stored)
    except JobFailed:
        return None


def _need(ctx: WorkerContext, job: Job, plan: Plan | None) -> Need:
    if job.type is JobType.IMPORT:
        return import_footprint(((job.recipe_json or {}).get("transfer") or {}).get("size_bytes"))
    return Need() if plan is None else footprint(plan, ctx.machine.capabilities.threads)


async def _attempt(ctx: WorkerContext, claim: Claim, job: Job, plan: Plan | None) -> None:
    fault_points.point("claimed")
    work = WorkFolder(ctx.settings.work_path / f"{claim.job_id}-{claim.attempt}")
    failure: JobFailed | None = None
    try:
        with AttemptTelemetry(claim, job) as telemetry:
            if job.type is JobType.IMPORT:
                await ImportAttempt(ctx, claim, job, telemetry).run()
            else:
                await Attempt(ctx, claim, job, plan or understood(job.plan_json), work, telemetry).run()
    except LeaseLost as lost:
        logger.warning("%s", lost)
    except Exception as error:  # noqa: BLE001 - the job must not stay STARTED, whatever it was
        failure = blamed(error, stage="fetch")
    finally:
        await finished(_cleared(ctx, claim, work))
    if failure is not None and failure.of_machine:
        await _postpone(ctx, claim, failure)
    elif failure is not None:
        await _settle(ctx, claim, "failed", partial(failed_attempts.fail, failure=failure))
    fault_points.point("committed, not finished")


async def _cleared(ctx: WorkerContext, claim: Claim, work: WorkFolder) -> None:
    """Remove the scratch files, then give back what was reserved for them: others may begin."""
    await asyncio.to_thread(work.remove)
    try:
        async with ctx.sessions.begin() as session:
            assert claim.token is not None
            await room.give_back(session, claim.token, ctx.place)
    except Exception as error:  # noqa: BLE001 - it ends with the lease, and the job's own end is to be written
        logger.warning("job %s: what it had reserved comes free only later: %r", claim.job_id, error)


async def _postpone(ctx: WorkerContext, claim: Claim, failure: JobFailed) -> None:
    """Examine the machine, which is to blame, and put the job back: what it used for this attempt has been given
    back by now."""
    confirmed = not await ctx.machine.examine()
    write = partial(machine_to_blame.postpone, failure=failure, confirmed=confirmed)
    await _settle(ctx, claim, "put back", write, patience_s=math.inf)


async def _settle(
    ctx: WorkerContext,
    claim: Claim,
    what: str,
    write: Callable[[AsyncSession, Claim], Awaitable[object]],
    *,
    patience_s: float = SETTLE_S,
) -> None:
    """Write an attempt's end; one that is not ours any more has been ended by others."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            async with ctx.sessions.begin() as session:
                await write(session, claim)
        except LeaseLost as lost:
            logger.info("not %s: %s", what, lost)
        except Exception as error:
            if not is_away(error):
                raise
            logger.warning("job %s could not be %s: %r", claim.job_id, what, error)
            if time.monotonic() < deadline:
                await asyncio.sleep(COMMIT_RETRY_S)
                continue  # after that its lease runs out, and the maintenance does it
        return

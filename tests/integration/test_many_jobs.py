"""One thing done to many jobs."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import Conflict, NotFound, QuotaExceeded, RateLimited, ReelwrightError
from reelwright.jobs import lifecycle, many_jobs
from reelwright.jobs.job_filters import Selection
from reelwright.jobs.removal import remove
from reelwright.library.pages import Cursor, Wanted
from tests.support.job_database import World


@pytest.mark.parametrize("refusal", [RateLimited("too fast", retry_after_s=1), QuotaExceeded("too many")])
async def test_what_a_limit_ends_goes_on_with_the_job_that_it_refused(world: World, refusal: ReelwrightError) -> None:
    """All before it are done, and nothing twice; where it refuses already the first one, it is the answer."""
    jobs = [await world.job() for _ in range(5)]
    done: list[uuid.UUID] = []
    may_do = 3

    async def do(session: AsyncSession, job_id: uuid.UUID) -> None:
        if len(done) == may_do:
            raise refusal
        if job_id == jobs[1]:
            raise Conflict("not this one")
        done.append(job_id)

    report = await many_jobs.each(world.sessions, Wanted(size=5), Selection(), do)
    assert done == [jobs[0], jobs[2], jobs[3]]
    assert (report.matched, report.done) == (5, 3)
    assert [(one.job_id, one.code) for one in report.refused] == [(jobs[1], "conflict"), (jobs[4], refusal.code)]
    assert report.next_cursor is not None
    going_on = Wanted(size=5, after=Cursor.parse(report.next_cursor))
    with pytest.raises(type(refusal)):
        await many_jobs.each(world.sessions, going_on, Selection(), do)
    may_do = 5
    report = await many_jobs.each(world.sessions, going_on, Selection(), do)
    assert done == [jobs[0], *jobs[2:]]
    assert (report.done, report.refused, report.next_cursor) == (1, [], None)


async def test_the_record_of_a_job_that_has_not_ended_is_not_deleted(world: World) -> None:
    """Somebody may have retried it since it was chosen, or deleted it."""
    job_id = await world.job()
    with pytest.raises(Conflict, match="has not ended") as refused:
        await world.do(remove, job_id, with_results=False)
    assert refused.value.code == "not_ready"
    await world.do(lifecycle.cancel, job_id)
    assert (await world.look(job_id)).status is JobStatus.CANCELLED
    await world.do(remove, job_id, with_results=False)
    with pytest.raises(NotFound):
        await world.do(remove, job_id, with_results=False)

"""The states of a job and who may change them, on a real PostgreSQL, with real concurrency."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.models import Job, JobEvent, JobInput, JobWait, Variant, new_id
from reelwright.db.outages import is_away
from reelwright.edits.kinds_and_states import JobStatus
from reelwright.errors import Conflict, JobFailed, LeaseLost, NotFound
from reelwright.jobs import (
    failed_attempts,
    fencing,
    job_events,
    lifecycle,
    machine_to_blame,
    queue,
    reached_percent,
    waiting,
)
from reelwright.jobs.fencing import Claim
from reelwright.jobs.source_of_edit import find_source
from reelwright.jobs.time_left import measured_s
from reelwright.library import deletion
from tests.support.job_database import World

FAILED = JobFailed("no such luck", code="ffmpeg_failed")
PASSING = JobFailed("bad day", code="crashed")


async def test_a_job_and_its_queue_entry_commit_together(world: World) -> None:
    """The entry carries the job's id and nothing else; the job knows its entry."""
    job_id = await world.job()
    ((entry, status, queued_job_id),) = await world.entries()
    assert (queued_job_id, status) == (str(job_id), "todo")
    job = await world.look(job_id)
    assert (job.queue_job_id, job.status, job.attempt, job.progress) == (entry, JobStatus.PENDING, 0, 0)
    assert await world.events(job_id) == [(1, "PENDING", 0)]


async def test_a_rollback_leaves_neither_job_nor_queue_entry(world: World) -> None:
    """Whatever fails after both were written takes both back."""
    video_id, file_id = await world.video()

    async def create_and_fail(session: AsyncSession) -> None:
        await world.create(session, video_id, file_id)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await world.do(create_and_fail)
    async with world.sessions() as session:
        for table in (Job, JobInput, JobEvent):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
    assert await world.entries() == []


async def test_a_job_that_cannot_be_queued_for_the_database_is_away_says_so(world: World) -> None:
    """Whoever settles an attempt tries that again: in a worker no other failure is."""
    job_id = await world.job()

    async def queue_while_it_goes(session: AsyncSession) -> None:
        job = await session.get_one(Job, job_id)
        own = await session.scalar(select(func.pg_backend_pid()))
        async with world.sessions() as other:
            await other.execute(select(func.pg_terminate_backend(own, 5000)))
        await queue.defer(session, job)

    with pytest.raises(DBAPIError) as caught:
        await world.do(queue_while_it_goes)
    assert is_away(caught.value)


async def test_a_claim_takes_what_waits_and_nothing_that_is_held(world: World) -> None:
    """A live lease is never taken; an ended job neither."""
    job_id = await world.job()
    claim = await world.claimed(job_id, worker="a")
    assert claim == Claim(job_id, 1)
    assert await world.claim(job_id, worker="b") is None
    job = await world.look(job_id)
    assert (job.worker, job.status, job.attempt, job.failures) == ("a", JobStatus.STARTED, 1, 0)
    await world.do(failed_attempts.fail, claim, FAILED)
    assert await world.claim(job_id) is None
    assert await world.claim(new_id()) is None


async def test_a_lease_that_ran_out_can_be_taken_and_counts_as_a_failure(world: World) -> None:
    """The next attempt has a higher number, so that the first one can write no more."""
    job_id = await world.job()
    first = await world.claimed(job_id)
    await world.expire(job_id)
    second = await world.claimed(job_id, worker="b")
    assert second.attempt == first.attempt + 1
    job = await world.look(job_id)
    assert (job.failures, job.worker) == (1, "b")
    assert await world.events(job_id) == [(1, "PENDING", 0), (2, "STARTED", 1), (3, "STARTED", 2)]


async def test_a_lease_that_ran_out_for_the_last_time_is_left_to_the_rescue(world: World) -> None:
    """Else a job that kills its workers would go on for ever."""
    job_id = await world.job(max_failures=1)
    await world.claimed(job_id)
    await world.expire(job_id)
    assert await world.claim(job_id) is None


async def test_of_many_that_claim_at_once_one_wins(world: World) -> None:
    """300 claims on five jobs whose leases keep running out: every attempt has exactly one owner."""
    jobs = [await world.job(max_failures=1000) for _ in range(5)]
    won: list[Claim] = []
    for _ in range(3):
        taken = await asyncio.gather(*(world.claim(jobs[number % 5], worker=str(number)) for number in range(100)))
        won += [claim for claim in taken if claim is not None]
        for job_id in jobs:
            await world.expire(job_id)
    assert Counter(won) == Counter(Claim(job_id, attempt) for job_id in jobs for attempt in (1, 2, 3))
    for job_id in jobs:
        assert [seq for seq, _, _ in await world.events(job_id)] == [1, 2, 3, 4]


async def test_an_old_attempt_can_write_nothing(world: World) -> None:
    """It cannot renew, report, succeed, fail or hand back; what the newest attempt has stays as it is."""
    job_id = await world.job()
    old = await world.claimed(job_id)
    await world.expire(job_id)
    newest = await world.claimed(job_id)
    before = await world.look(job_id)
    attempts: list[Awaitable[Any]] = [
        world.do(fencing.renew, old, lease_s=1000),
        world.do(reached_percent.report, old, percent=50, stage="render"),
        world.publish(old, job_id),
        world.do(failed_attempts.fail, old, FAILED),
        world.do(lifecycle.hand_back, old),
    ]
    for attempt in attempts:
        with pytest.raises(LeaseLost):
            await attempt
    after = await world.look(job_id)
    assert (after.status, after.attempt, after.progress, after.lease_until) == (
        JobStatus.STARTED,
        newest.attempt,
        0,
        before.lease_until,
    )
    async with world.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Variant)) == 0
    await world.publish(newest, job_id)


async def test_nobody_writes_to_a_job_that_has_ended(world: World) -> None:
    """Not even its own attempt: it is cancelled, and stays so."""
    job_id = await world.job()
    claim = await world.claimed(job_id)
    await world.do(lifecycle.cancel, job_id)
    for work in (lifecycle.hand_back, lambda session, claim: failed_attempts.fail(session, claim, PASSING)):
        with pytest.raises(LeaseLost):
            await world.do(work, claim)
    with pytest.raises(LeaseLost):
        await world.publish(claim, job_id)
    assert (await world.look(job_id)).status is JobStatus.CANCELLED


async def test_what_is_left_is_told_by_the_attempt_that_runs(world: World) -> None:
    """By its own speed over the planned seconds; nothing while it makes up for what an earlier attempt had reached."""
    job_id = await world.job()
    recipe = {"commands": [{"expected_s": "100"}]}
    claim = await world.claimed(job_id)
    await world.do(reached_percent.report, claim, percent=60, stage="render", speed=2.0, recipe_json=recipe)
    assert measured_s(await world.look(job_id)) == 20
    await world.do(lifecycle.hand_back, claim)
    again = await world.claimed(job_id)
    seen = []
    for percent in (0, 30, 80):
        seen.append(measured_s(await world.look(job_id)))
        await world.do(reached_percent.report, again, percent=percent, stage="render", speed=4.0)
    assert seen == [None, None, None]
    assert measured_s(await world.look(job_id)) == 5


async def test_progress_never_falls_and_is_100_only_with_success(world: World) -> None:
    """Also over attempts; a client may draw it as it comes."""
    job_id = await world.job()
    claim = await world.claimed(job_id)
    seen = []
    for percent in (10, 55.9, 20, 100, 250):
        await world.do(reached_percent.report, claim, percent=percent, stage="render")
        seen.append((await world.look(job_id)).progress)
    assert seen == [10, 55, 55, 99, 99]
    await world.do(lifecycle.hand_back, claim)
    again = await world.claimed(job_id)
    await world.do(reached_percent.report, again, percent=1, stage="render")
    assert (await world.look(job_id)).progress == 99
    await world.publish(again, job_id)
    job = await world.look(job_id)
    assert (job.status, job.progress, job.stage, job.lease_until) == (JobStatus.SUCCESS, 100, None, None)
    assert job.finished_at is not None


async def test_handing_back_counts_no_failure_and_queues_at_once(world: World) -> None:
    """As often as workers are stopped; the job keeps its priority."""
    job_id = await world.job(max_failures=1)
    async with world.sessions.begin() as session:
        await session.execute(update(Job).where(Job.id == job_id).values(priority=7))
    for attempt in (1, 2, 3):
        claim = await world.claimed(job_id)
        assert claim.attempt == attempt
        await world.do(lifecycle.hand_back, claim)
    job = await world.look(job_id)
    assert (job.status, job.failures, job.lease_until) == (JobStatus.PENDING, 0, None)
    async with world.sessions() as session:
        waiting = await session.execute(
            text("SELECT priority, scheduled_at, status::text FROM procrastinate_jobs WHERE id = :id"),
            {"id": job.queue_job_id},
        )
        assert waiting.all() == [(7, None, "todo")]


async def test_a_failure_that_may_pass_is_tried_again_until_the_budget_is_used_up(world: World) -> None:
    """A little later, by the database's clock; the last failure is the job's."""
    job_id = await world.job(max_failures=2)
    assert await world.do(failed_attempts.fail, await world.claimed(job_id), PASSING) is JobStatus.PENDING
    job = await world.look(job_id)
    assert (job.failures, job.error_message) == (1, None)
    async with world.sessions() as session:
        delay_s = await session.scalar(
            text("SELECT extract(epoch FROM scheduled_at - now())::float FROM procrastinate_jobs WHERE id = :id"),
            {"id": job.queue_job_id},
        )
    assert delay_s == pytest.approx(failed_attempts.RETRY_DELAY_S, abs=2)
    assert await world.do(failed_attempts.fail, await world.claimed(job_id), PASSING) is JobStatus.FAILURE
    job = await world.look(job_id)
    assert (job.error_message, job.failures, job.lease_until) == ("bad day", 2, None)
    assert job.error is not None
    assert (job.error["code"], job.error["stage"]) == ("crashed", "render")


async def test_a_failure_that_will_not_pass_ends_the_job_at_once(world: World) -> None:
    """With its code, stage, sentence and evidence."""
    job_id = await world.job()
    assert await world.do(failed_attempts.fail, await world.claimed(job_id), FAILED) is JobStatus.FAILURE
    assert (await world.look(job_id)).error_message == FAILED.sentence
    assert [kind for _, kind, _ in await world.events(job_id)] == ["PENDING", "STARTED", "FAILURE"]


@pytest.mark.parametrize("started", [False, True])
async def test_cancelling_ends_a_job_at_once_and_only_once(world: World, started: bool) -> None:
    """A waiting queue entry is dropped, a running one's worker told; afterwards it is a conflict."""
    job_id = await world.job()
    if started:
        async with world.sessions.begin() as session:
            await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))
        await world.claimed(job_id)
    await world.do(lifecycle.cancel, job_id)
    job = await world.look(job_id)
    assert (job.status, job.lease_until, job.stage) == (JobStatus.CANCELLED, None, None)
    assert job.finished_at is not None
    async with world.sessions() as session:
        entry = (await session.execute(text("SELECT status::text, abort_requested FROM procrastinate_jobs"))).one()
    assert tuple(entry) == (("doing", True) if started else ("cancelled", True))
    with pytest.raises(Conflict) as caught:
        await world.do(lifecycle.cancel, job_id)
    assert caught.value.code == "finished"
    with pytest.raises(NotFound):
        await world.do(lifecycle.cancel, new_id())


async def test_success_and_cancel_at_once_end_in_exactly_one_of_them(world: World) -> None:
    """Twenty races: there is a variant exactly when the job is SUCCESS, and a 409 exactly then."""
    outcomes = set()
    for number in range(20):
        job_id = await world.job()
        claim = await world.claimed(job_id)
        pair: list[Awaitable[Any]] = [world.publish(claim, job_id), world.do(lifecycle.cancel, job_id)]
        results = await asyncio.gather(*(pair if number % 2 else reversed(pair)), return_exceptions=True)
        published, cancelled = results if number % 2 else reversed(results)
        status = (await world.look(job_id)).status
        async with world.sessions() as session:
            variants = await session.scalar(select(func.count()).where(Variant.job_id == job_id))
        if status is JobStatus.SUCCESS:
            assert (variants, type(cancelled)) == (1, Conflict)
        else:
            assert (status, variants, type(published)) == (JobStatus.CANCELLED, 0, LeaseLost)
        outcomes.add(status)
    assert outcomes <= {JobStatus.SUCCESS, JobStatus.CANCELLED}


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
async def test_a_retry_starts_again_from_0_with_a_higher_attempt(world: World, ending: str) -> None:
    """It has the whole budget again, and nothing of the old end."""
    job_id = await world.job(max_failures=1)
    claim = await world.claimed(job_id)
    await world.do(reached_percent.report, claim, percent=40, stage="render")
    await (
        world.do(lifecycle.cancel, job_id) if ending == "cancelled" else world.do(failed_attempts.fail, claim, PASSING)
    )
    await world.do(lifecycle.retry, job_id)
    job = await world.look(job_id)
    assert (job.status, job.progress, job.failures, job.error) == (JobStatus.PENDING, 0, 0, None)
    assert (job.error_message, job.finished_at, job.started_at) == (None, None, None)
    assert (await world.claimed(job_id)).attempt == 2
    with pytest.raises(LeaseLost):
        await world.do(fencing.renew, claim, lease_s=1)


async def test_only_what_failed_or_was_cancelled_can_be_retried(world: World) -> None:
    """Never a job that waits, runs or has succeeded."""
    job_id = await world.job()
    for prepare in (None, lambda: world.claimed(job_id), lambda: world.publish(Claim(job_id, 1), job_id)):
        if prepare is not None:
            await prepare()
        with pytest.raises(Conflict) as caught:
            await world.do(lifecycle.retry, job_id)
        assert caught.value.code == "not_retryable"
    with pytest.raises(NotFound):
        await world.do(lifecycle.retry, new_id())


async def test_a_retry_needs_its_input(world: World) -> None:
    """What the job works on may have been deleted since."""
    job_id = await world.job()
    job = await world.do(lifecycle.cancel, job_id)
    await world.do(deletion.delete_video, job.video_id)
    with pytest.raises(Conflict) as caught:
        await world.do(lifecycle.retry, job_id)
    assert caught.value.code == "input_gone"


async def test_every_transition_is_an_event_without_holes(world: World) -> None:
    """Numbered from 1, in the order in which they were committed; progress is none."""
    job_id = await world.job()
    first = await world.claimed(job_id)
    await world.do(reached_percent.report, first, percent=10, stage="render")
    await world.do(lifecycle.hand_back, first)
    await world.do(failed_attempts.fail, await world.claimed(job_id), FAILED)
    await world.do(lifecycle.retry, job_id)
    await world.do(lifecycle.cancel, job_id)
    await world.do(lifecycle.retry, job_id)
    await world.publish(await world.claimed(job_id), job_id)
    assert await world.events(job_id) == [
        (1, "PENDING", 0),
        (2, "STARTED", 1),
        (3, "PENDING", 1),
        (4, "STARTED", 2),
        (5, "FAILURE", 2),
        (6, "PENDING", 2),
        (7, "CANCELLED", 2),
        (8, "PENDING", 2),
        (9, "STARTED", 3),
        (10, "SUCCESS", 3),
    ]


async def test_listeners_hear_of_a_transition_when_it_is_committed(world: World) -> None:
    """Not before, and not of one that was rolled back."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(world.url)
    try:
        await connection.add_listener(job_events.CHANNEL, lambda *news: heard.put_nowait(str(news[-1])))
        job_id = await world.job()
        assert await asyncio.wait_for(heard.get(), 5) == str(job_id)
        async with world.sessions() as session:
            await lifecycle.cancel(session, job_id)
            await connection.execute("SELECT pg_sleep(0.2)")
            assert heard.empty()
            await session.rollback()
        claim = await world.claimed(job_id)
        await world.do(reached_percent.report, claim, percent=3, stage="render")
        assert [await asyncio.wait_for(heard.get(), 5) for _ in range(2)] == [str(job_id)] * 2
        assert heard.empty()
    finally:
        await connection.close()


async def test_what_an_unfinished_job_reads_cannot_be_deleted(world: World) -> None:
    """The refusal names the jobs; when they have ended, it can."""
    job_id = await world.job()
    job = await world.look(job_id)
    for prepare in (None, lambda: world.claimed(job_id)):
        if prepare is not None:
            await prepare()
        with pytest.raises(Conflict) as caught:
            await world.do(deletion.delete_video, job.video_id)
        assert (caught.value.code, caught.value.job_ids) == ("in_use", [str(job_id)])
    await world.do(lifecycle.cancel, job_id)
    assert await world.do(deletion.delete_video, job.video_id) == [f"uploads/{job.video_id}/source.mp4"]


async def waits_for_a_lock(world: World, *, sessions: int = 1) -> None:
    """Until somebody in this database waits for a lock."""
    async with asyncio.timeout(10):
        while True:
            async with world.sessions() as session:
                waiting = await session.scalar(
                    text(
                        "SELECT count(*) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    )
                )
            if (waiting or 0) >= sessions:
                return
            await asyncio.sleep(0.01)


async def test_a_submit_that_was_first_makes_a_delete_fail(world: World) -> None:
    """The delete waits for the submit's commit and then sees its job."""
    video_id, _ = await world.video()
    async with world.sessions.begin() as submitting:
        source = await find_source_of(submitting, video_id)
        deleting = asyncio.create_task(world.do(deletion.delete_video, video_id))
        await waits_for_a_lock(world)
        job = await world.create(submitting, video_id, source)
    with pytest.raises(Conflict) as caught:
        await deleting
    assert caught.value.job_ids == [str(job.id)]


async def test_a_delete_that_was_first_makes_a_submit_fail(world: World) -> None:
    """The submit waits for the delete's commit and then finds no such video."""
    video_id, _ = await world.video()
    async with world.sessions.begin() as deleting:
        await deletion.delete_video(deleting, video_id)
        submitting = asyncio.create_task(world.do(find_source_of, video_id))
        await waits_for_a_lock(world)
    with pytest.raises(NotFound):
        await submitting


async def test_a_delete_that_was_first_makes_a_retry_fail(world: World) -> None:
    """A retry brings its job to life only if it can keep its input."""
    job_id = await world.job()
    job = await world.do(lifecycle.cancel, job_id)
    async with world.sessions.begin() as deleting:
        await deletion.delete_video(deleting, job.video_id)
        retrying = asyncio.create_task(world.do(lifecycle.retry, job_id))
        await waits_for_a_lock(world)
    with pytest.raises(Conflict) as caught:
        await retrying
    assert caught.value.code == "input_gone"


async def test_a_submit_and_a_delete_at_once_end_in_exactly_one_of_them(world: World) -> None:
    """Thirty races: there is a job with its input, or there is no video."""

    async def submit(video_id: uuid.UUID) -> uuid.UUID:
        async with world.sessions.begin() as session:
            return (await world.create(session, video_id, await find_source_of(session, video_id))).id

    outcomes: Counter[str] = Counter()
    for number in range(30):
        video_id, _ = await world.video()
        pair: list[Awaitable[Any]] = [submit(video_id), world.do(deletion.delete_video, video_id)]
        results = await asyncio.gather(*(pair if number % 2 else reversed(pair)), return_exceptions=True)
        submitted, deleted = results if number % 2 else reversed(results)
        if isinstance(submitted, uuid.UUID):
            assert isinstance(deleted, Conflict)
            async with world.sessions() as session:
                assert await session.scalar(select(func.count()).where(JobInput.job_id == submitted)) == 1
            outcomes["submitted"] += 1
        else:
            assert (type(submitted), type(deleted)) == (NotFound, list)
            outcomes["deleted"] += 1
    assert sum(outcomes.values()) == 30


async def find_source_of(session: AsyncSession, video_id: uuid.UUID) -> uuid.UUID:
    """The id of the video's file, locked as a submit locks it. Raises NotFound."""
    return (await find_source(session, video_id)).file.id


async def test_a_queue_entry_that_comes_late_finds_the_job_taken(world: World) -> None:
    """Entries of earlier attempts, and doubled ones, lead to no second attempt."""
    job_id = await world.job()
    first = await world.claimed(job_id)
    await world.do(lifecycle.hand_back, first)
    await world.do(queue.defer, await world.look(job_id))
    assert len(await world.entries()) == 3
    assert await world.claim(job_id) == Claim(job_id, 2)
    assert [await world.claim(job_id) for _ in range(2)] == [None, None]


async def needed_bytes(world: World, job_id: uuid.UUID) -> int | None:
    async with world.sessions() as session:
        return await session.scalar(select(JobWait.needs_bytes).where(JobWait.job_id == job_id))


async def test_a_job_is_not_charged_with_what_the_machine_could_not_do(world: World) -> None:
    """As often as the machine itself finds it; what nobody finds counts after five times in a row."""
    full = JobFailed("the disk is full", code="no_space", of_machine=True, needs_bytes=7)
    job_id = await world.job(max_failures=1)
    for _ in range(2 * machine_to_blame.MAX_POSTPONEMENTS):
        await world.do(machine_to_blame.postpone, await world.claimed(job_id), full, confirmed=True)
    for _ in range(machine_to_blame.MAX_POSTPONEMENTS):
        await world.do(machine_to_blame.postpone, await world.claimed(job_id), full, confirmed=False)
    job = await world.look(job_id)
    assert (job.status, job.failures, job.error) == (JobStatus.PENDING, 0, None)
    assert await needed_bytes(world, job_id) == 7
    (reason,) = (await world.do(waiting.reasons, [job])).values()
    assert reason.code == "worker"  # none lives here: that comes first
    await world.do(machine_to_blame.postpone, await world.claimed(job_id), full, confirmed=False)
    job = await world.look(job_id)
    assert (job.status, job.failures, job.error_message) == (JobStatus.FAILURE, 1, "the disk is full")
    assert await needed_bytes(world, job_id) is None

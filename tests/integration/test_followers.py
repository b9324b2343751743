"""Equal jobs: one leads and the others follow, whatever becomes of it; each ends once, and none is made twice."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from sqlalchemy import func, select, text, update

from reelwright.db.models import File, Job, Variant, new_id
from reelwright.edits.edit import trim
from reelwright.edits.kinds_and_states import FileRole, JobStatus, JobType
from reelwright.errors import Conflict, JobFailed, LeaseLost, NotFound
from reelwright.jobs import failed_attempts, fencing, followers, lifecycle, reached_percent, results, reuse, toolchains
from reelwright.jobs.backlog import unfinished
from reelwright.jobs.creation import NewJob
from reelwright.jobs.fencing import Claim
from reelwright.jobs.rescue import requeue_forgotten_jobs, rescue_followers, rescue_lost_jobs
from reelwright.jobs.timing import AT_ONCE, Timing
from reelwright.library import deletion
from reelwright.media.ffmpeg.toolchain import Toolchain
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.pages_read import pages_read

EDIT = trim(0, 1)
OUTPUT = {"output": {"quality": "source"}, "width": 320, "height": 180}
TOOLCHAIN = Toolchain(digest="t", ffmpeg_version="7", threads=2, hardware="", release="1")


@dataclass
class Rivals:
    """A database with two uploads of one content, and the disk that results lie on."""

    world: World
    storage: LocalStorage
    videos: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    foretold: int = 0
    """So often a forecast was asked for."""

    async def foretell(self) -> dict[str, Any]:
        self.foretold += 1
        return {}

    async def submit(
        self, *, video: int = 0, fingerprint: str = "f", wanted: bool = True, timing: Timing = AT_ONCE
    ) -> Job:
        video_id, file_id = self.videos[video]
        new = NewJob(
            video_id=video_id,
            type=JobType.TRIM,
            edit_json=msgspec.to_builtins(EDIT),
            plan_json={"inputs": [{}], "outputs": [OUTPUT], "warnings": ["planned"]},
            warnings=("planned",),
            input_file_ids=(file_id,),
            fingerprint=fingerprint,
            timing=timing,
        )
        job: Job = await self.world.do(reuse.create, new, self.storage if wanted else None, self.foretell)
        return job

    async def publish(self, claim: Claim) -> str:
        """Do as a worker does that has made the file; returns its key."""
        variant_id = new_id()
        key = f"processed/{variant_id}/trim.mp4"
        path = self.storage.path(key)
        await asyncio.to_thread(path.parent.mkdir, parents=True)
        await asyncio.to_thread(path.write_bytes, b"made")
        async with self.world.sessions.begin() as session:
            job = await lifecycle.succeed(
                session, claim, output_variant_id=variant_id, warnings=["found"], toolchain=TOOLCHAIN.digest
            )
            variant = Variant(id=variant_id, stored_path=key, size_bytes=4, width=2, height=2, media_info={}, checks={})
            await results.add(session, job, [variant], EDIT.outputs)
            session.add(
                File(
                    variant_id=variant_id,
                    role=FileRole.MAIN,
                    name="trim.mp4",
                    key=key,
                    size_bytes=4,
                    sha256="0",
                    content_type="video/mp4",
                )
            )
            await followers.finish(session, job)
        return key

    async def look(self, *jobs: Job) -> list[Job]:
        return [await self.world.look(job.id) for job in jobs]

    async def states(self, *jobs: Job) -> list[tuple[str, int]]:
        return [(job.status.value, job.progress) for job in await self.look(*jobs)]

    async def keys(self) -> Counter[str]:
        """So many rows name each stored result."""
        async with self.world.sessions() as session:
            return Counter(await session.scalars(select(File.key).where(File.variant_id.is_not(None))))


@pytest.fixture
async def place(world: World, tmp_path: Path) -> Rivals:
    await world.do(toolchains.report, TOOLCHAIN)
    storage = LocalStorage(tmp_path / "media", reserve_bytes=0)
    await asyncio.to_thread(storage.prepare)
    return Rivals(world, storage, [await world.video(), await world.video()])


async def test_followers_are_kept_in_step(place: Rivals) -> None:
    """State, percent, stage, lease and news as their leader's; queue, slots and rescue know the leader alone."""
    world = place.world
    leader, follower = await place.submit(), await place.submit(video=1)
    assert (leader.reused_from_job_id, follower.reused_from_job_id) == (None, leader.id)
    claim = await world.claimed(leader.id, worker="w1")
    assert await world.claim(follower.id) is None
    await world.do(reached_percent.report, claim, percent=40, stage="render", speed=2.0, recipe_json={"commands": []})
    late = await place.submit()
    for job in await place.look(leader, follower, late):
        assert (job.status, job.progress, job.stage, job.worker) == (JobStatus.STARTED, 40, "render", "w1")
        assert (job.attempt, job.recipe_json, job.speed) == (1, {"commands": []}, 2.0)
    await world.do(lifecycle.hand_back, claim)
    assert await place.states(leader, follower, late) == [("PENDING", 40)] * 3
    second = await world.claimed(leader.id)
    await world.do(reached_percent.report, second, percent=10, stage="render")
    assert await place.states(leader, follower, late) == [("STARTED", 40)] * 3
    async with world.sessions() as session:
        assert [(one.status, one.jobs) for one in await unfinished(session)] == [(JobStatus.STARTED, 1)]
    await world.expire(follower.id)
    for step in (rescue_lost_jobs, rescue_followers, requeue_forgotten_jobs):
        await world.do(step)
    assert len(await world.entries()) == 2
    await world.do(fencing.renew, second, lease_s=60)
    leases = {job.lease_until for job in await place.look(leader, follower, late)}
    assert len(leases) == 1
    key = await place.publish(second)
    assert await place.keys() == {key: 3}
    for job in await place.look(leader, follower, late):
        assert (job.status, job.progress, job.warnings) == (JobStatus.SUCCESS, 100, ["planned", "found"])
        variant = await world.do(lambda session, job=job: session.get(Variant, job.output_variant_id))
        assert (variant.job_id, variant.video_id) == (job.id, job.video_id)
        assert [kind for _, kind, _ in await world.events(job.id)][-3:] == ["PENDING", "STARTED", "SUCCESS"]


async def test_what_has_to_be_made_is_foretold_and_what_was_made_is_not(place: Rivals) -> None:
    """Whoever shares an encode waits, too."""
    leader, _ = await place.submit(), await place.submit(video=1)
    assert place.foretold == 2
    await place.publish(await place.world.claimed(leader.id))
    assert (await place.submit()).status is JobStatus.SUCCESS
    assert place.foretold == 2
    await place.submit(wanted=False)
    assert place.foretold == 3


async def test_what_was_made_is_taken_as_long_as_it_could_be_made_so(place: Rivals) -> None:
    """Not when it is not wanted, the bytes are gone, a variant was deleted, or workers have another toolchain."""
    world = place.world
    first = await place.submit()
    key = await place.publish(await world.claimed(first.id))
    taken = await place.submit(video=1)
    assert (taken.status, taken.reused_from_job_id) == (JobStatus.SUCCESS, first.id)
    anew = await place.submit(wanted=False)
    assert (anew.status, anew.reused_from_job_id) == (JobStatus.PENDING, None)
    other = await place.submit(wanted=False)
    assert (other.status, other.reused_from_job_id) == (JobStatus.PENDING, None)  # nor is it shared
    assert (await place.submit(fingerprint="g")).status is JobStatus.PENDING
    await asyncio.to_thread(place.storage.path(key).write_bytes, b"cut")
    fresh = await place.submit()
    assert fresh.status is JobStatus.PENDING
    await world.do(lifecycle.cancel, fresh.id)
    await asyncio.to_thread(place.storage.path(key).write_bytes, b"made")
    newer = msgspec.structs.replace(TOOLCHAIN, digest="newer")
    await world.do(toolchains.report, newer)
    assert (await place.submit()).status is JobStatus.SUCCESS  # both are there: workers are being replaced
    async with world.sessions.begin() as session:
        await session.execute(text("UPDATE toolchains SET seen_at = now() - interval '61 s' WHERE digest = 't'"))
    fresh = await place.submit()
    assert fresh.status is JobStatus.PENDING
    await world.do(lifecycle.cancel, fresh.id)
    await world.do(toolchains.report, TOOLCHAIN)
    assert (await place.submit()).status is JobStatus.SUCCESS
    async with world.sessions() as session:
        variants = (await session.scalars(select(Variant.id))).all()
    for number, variant_id in enumerate(variants):
        assert await world.do(deletion.delete_variant, variant_id) == ([key] if number == len(variants) - 1 else [])
    assert (await place.submit()).status is JobStatus.PENDING


async def test_who_takes_the_place_of_a_leader_that_has_just_ended_takes_its_result(
    place: Rivals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was running at the first look, and has left its place at the second."""
    first = await place.submit()
    claim = await place.world.claimed(first.id)

    async def foretell() -> dict[str, Any]:
        await place.publish(claim)
        return {}

    monkeypatch.setattr(place, "foretell", foretell)
    taken = await place.submit()
    assert (taken.status, taken.reused_from_job_id) == (JobStatus.SUCCESS, first.id)
    assert (await place.world.look(taken.id)).status is JobStatus.SUCCESS


async def test_followers_fail_as_their_leader_does(place: Rivals) -> None:
    """A failure that may pass leaves them following; the last one is theirs too, and nobody takes it over later."""
    world = place.world
    leader, follower = await place.submit(), await place.submit()
    await world.do(failed_attempts.fail, await world.claimed(leader.id), JobFailed("bad day", code="crashed"))
    assert await place.states(leader, follower) == [("PENDING", 0)] * 2
    await world.do(
        failed_attempts.fail, await world.claimed(leader.id), JobFailed("no such luck", code="ffmpeg_failed")
    )
    failed = await place.look(leader, follower)
    assert [(job.status, job.error_message) for job in failed] == [(JobStatus.FAILURE, "no such luck")] * 2
    assert failed[0].error == failed[1].error
    again = await place.submit()
    assert (again.status, again.reused_from_job_id) == (JobStatus.PENDING, None)
    retried = await world.do(lifecycle.retry, follower.id)
    assert (retried.status, retried.reused_from_job_id) == (JobStatus.PENDING, again.id)
    claim = await world.claimed(again.id)
    retried = await world.do(lifecycle.retry, leader.id)
    assert (retried.status, retried.reused_from_job_id) == (JobStatus.STARTED, again.id)
    await place.publish(claim)
    assert await place.states(leader, follower, again) == [("SUCCESS", 100)] * 3


async def test_a_leader_s_own_files_are_no_fault_of_its_followers(place: Rivals) -> None:
    """They may read others of the same content: the next one leads."""
    world = place.world
    leader, second, third = [await place.submit(video=video) for video in (0, 1, 1)]
    await world.do(failed_attempts.fail, await world.claimed(leader.id), JobFailed("not there", code="file_missing"))
    assert await place.states(leader, second, third) == [("FAILURE", 0), ("PENDING", 0), ("PENDING", 0)]
    assert (await place.look(third))[0].reused_from_job_id == second.id
    await place.publish(await world.claimed(second.id))
    assert await place.states(second, third) == [("SUCCESS", 100)] * 2


async def test_a_cancelled_follower_leaves_the_others_alone(place: Rivals) -> None:
    world = place.world
    leader, follower, other = [await place.submit() for _ in range(3)]
    claim = await world.claimed(leader.id)
    await world.do(lifecycle.cancel, follower.id)
    await world.do(reached_percent.report, claim, percent=50, stage="render")
    assert await place.states(leader, follower, other) == [("STARTED", 50), ("CANCELLED", 0), ("STARTED", 50)]
    await place.publish(claim)
    assert await place.states(leader, follower, other) == [("SUCCESS", 100), ("CANCELLED", 0), ("SUCCESS", 100)]


@pytest.mark.parametrize("by", ["the API", "an operator"])
async def test_a_cancelled_leader_hands_its_encode_on(place: Rivals, by: str) -> None:
    """The attempt that runs goes on for a follower that reads the same file: its worker notices nothing, nobody's
    progress falls, and it can be cancelled in its turn. Who reads another file may not take it: that file is safe from
    deletion, and what the attempt reads is not."""
    world = place.world
    leader, elsewhere, second, third = [await place.submit(video=video) for video in (0, 1, 0, 0)]
    claim = await world.claimed(leader.id)
    await world.do(fencing.announce_publication, claim, ["processed/x"])
    await world.do(reached_percent.report, claim, percent=60, stage="render", speed=1.0)
    (entry,) = await world.entries()
    if by == "the API":
        await world.do(lifecycle.cancel, leader.id)
    else:
        async with world.sessions.begin() as session:
            await session.execute(text("SELECT ops.cancel(:id)"), {"id": leader.id})
    assert await place.states(leader, second, third, elsewhere) == [("CANCELLED", 60)] + [("STARTED", 60)] * 3
    assert [job.reused_from_job_id for job in await place.look(second, third, elsewhere)] == [
        None,
        second.id,
        second.id,
    ]
    assert await world.entries() == [entry]
    with pytest.raises(Conflict):
        await world.do(deletion.delete_video, place.videos[0][0])
    await world.do(reached_percent.report, claim, percent=70, stage="render")
    await world.do(fencing.renew, claim, lease_s=60)
    await world.do(lifecycle.cancel, second.id)
    await world.do(reached_percent.report, claim, percent=80, stage="render")
    assert await place.states(second, third, elsewhere) == [("CANCELLED", 70), ("STARTED", 80), ("STARTED", 80)]
    async with world.sessions() as session:
        assert list(await session.scalars(text("SELECT job_id FROM publications"))) == [third.id]
    await place.publish(claim)
    assert await place.states(third, elsewhere) == [("SUCCESS", 100)] * 2
    with pytest.raises(LeaseLost):
        await world.do(fencing.renew, claim, lease_s=60)
    for job in (leader, elsewhere, second, third):
        told = await world.events(job.id)
        assert [seq for seq, _, _ in told] == list(range(1, len(told) + 1))
        assert [attempt for _, kind, attempt in told if kind == "STARTED"] == [1]


async def test_one_that_reads_another_file_starts_again(place: Rivals) -> None:
    """When it alone is left; from the queue, at the percent that it has reached."""
    world = place.world
    leader, elsewhere = await place.submit(), await place.submit(video=1)
    claim = await world.claimed(leader.id)
    await world.do(reached_percent.report, claim, percent=60, stage="render")
    await world.do(lifecycle.cancel, leader.id)
    assert await place.states(leader, elsewhere) == [("CANCELLED", 60), ("PENDING", 60)]
    with pytest.raises(LeaseLost):
        await place.publish(claim)
    again = await world.claimed(elsewhere.id)
    await world.do(reached_percent.report, again, percent=5, stage="render")
    assert await place.states(elsewhere) == [("STARTED", 60)]
    await place.publish(again)
    assert await place.states(elsewhere) == [("SUCCESS", 100)]


async def test_an_attempt_that_was_handed_on_and_lost_is_fenced(place: Rivals) -> None:
    """Its worker fell silent: the follower that had taken it over runs again, and the old attempt publishes nothing."""
    world = place.world
    leader, follower = await place.submit(), await place.submit()
    claim = await world.claimed(leader.id)
    await world.do(lifecycle.cancel, leader.id)
    await world.expire(follower.id)
    await world.do(rescue_lost_jobs)
    assert await place.states(follower) == [("PENDING", 0)]
    again = await world.claimed(follower.id)
    with pytest.raises(LeaseLost):
        await place.publish(claim)
    await place.publish(again)
    assert await place.states(follower) == [("SUCCESS", 100)]


async def test_a_waiting_leader_that_is_cancelled_leaves_the_queue_to_the_next(place: Rivals) -> None:
    world = place.world
    leader, second, third = [await place.submit() for _ in range(3)]
    await world.do(lifecycle.cancel, leader.id)
    assert [(status, job) for _, status, job in await world.entries()] == [
        ("cancelled", str(leader.id)),
        ("todo", str(second.id)),
    ]
    retried = await world.do(lifecycle.retry, leader.id)
    assert (retried.status, retried.reused_from_job_id) == (JobStatus.PENDING, second.id)
    await place.publish(await world.claimed(second.id))
    assert await place.states(leader, second, third) == [("SUCCESS", 100)] * 3


@pytest.mark.parametrize("end", [JobStatus.SUCCESS, JobStatus.FAILURE, JobStatus.CANCELLED])
async def test_followers_of_a_leader_that_an_older_worker_ended_are_rescued(place: Rivals, end: JobStatus) -> None:
    """Workers of the release before know of no followers: these end as the leader did, or one of them leads."""
    world = place.world
    leader, follower = await place.submit(), await place.submit()
    claim = await world.claimed(leader.id)
    if end is JobStatus.SUCCESS:
        async with world.sessions.begin() as session:  # nobody follows, as far as that worker knows
            await session.execute(
                update(Job).where(Job.id == follower.id).values(reused_from_job_id=None, shared=False)
            )
        await place.publish(claim)
        async with world.sessions.begin() as session:
            values = {"reused_from_job_id": leader.id, "shared": True}
            await session.execute(update(Job).where(Job.id == follower.id).values(values))
    else:
        error = {"code": "ffmpeg_failed", "detail": "no such luck"}
        async with world.sessions.begin() as session:
            await session.execute(update(Job).where(Job.id == leader.id).values(status=end, error=error))
    await world.do(rescue_followers)
    (found,) = await place.look(follower)
    assert found.status is (JobStatus.PENDING if end is JobStatus.CANCELLED else end)
    await world.do(rescue_followers)
    assert len(await place.keys()) == (end is JobStatus.SUCCESS)


async def test_bytes_go_with_the_last_of_many_who_delete_at_once(place: Rivals) -> None:
    """Each of ten rounds: five variants of the same bytes are deleted at the same time; one deletion gets the key."""
    world = place.world
    for number in range(10):
        first = await place.submit(fingerprint=str(number))
        key = await place.publish(await world.claimed(first.id))
        jobs = [first, *[await place.submit(fingerprint=str(number)) for _ in range(4)]]
        variants = [job.output_variant_id for job in await place.look(*jobs)]
        gone = await asyncio.gather(*(world.do(deletion.delete_variant, variant_id) for variant_id in variants))
        assert sorted(gone) == [[], [], [], [], [key]]


@pytest.mark.few(1)
@pytest.mark.parametrize("seed", range(4))
async def test_a_crowd_of_equal_jobs_is_made_once_at_a_time(place: Rivals, seed: int) -> None:
    """Submitted, cancelled, retried, lost, failed and deleted by many at once: nothing waits for ever, nothing is done
    twice, no row lacks its bytes, and at any time one of a fingerprint leads."""
    world, chance = place.world, random.Random(seed)
    jobs: list[uuid.UUID] = []
    keys: set[str] = set()

    async def client() -> None:
        for _ in range(12):
            job = await place.submit(video=chance.randrange(2), fingerprint=chance.choice("ab"))
            jobs.append(job.id)
            if chance.random() < 0.4:
                with suppress(Conflict):
                    await world.do(lifecycle.cancel, chance.choice(jobs))
            if chance.random() < 0.2:
                with suppress(Conflict):
                    await world.do(lifecycle.retry, chance.choice(jobs))
            if chance.random() < 0.3 and (variant_id := (await world.look(job.id)).output_variant_id):
                with suppress(NotFound, Conflict):
                    for key in await world.do(deletion.delete_variant, variant_id):
                        await asyncio.to_thread(place.storage.delete, key)

    async def worker() -> None:
        while not done.is_set() or await waiting():
            ids = await waiting()
            if not ids or (claim := await world.claim(chance.choice(ids))) is None:
                await asyncio.sleep(0.01)
                continue
            with suppress(LeaseLost):
                await world.do(reached_percent.report, claim, percent=50, stage="render")
                fate = chance.random()
                if fate < 0.1:
                    await world.do(failed_attempts.fail, claim, JobFailed("no", code="ffmpeg_failed"))
                elif fate < 0.2:
                    await world.do(lifecycle.hand_back, claim)
                elif fate < 0.3:
                    await world.do(failed_attempts.fail, claim, JobFailed("gone", code="file_missing"))
                else:
                    keys.add(await place.publish(claim))

    async def waiting() -> list[uuid.UUID]:
        async with world.sessions() as session:
            asked = select(Job.id).where(Job.status == JobStatus.PENDING, Job.reused_from_job_id.is_(None))
            return list(await session.scalars(asked))

    done = asyncio.Event()
    workers = [asyncio.create_task(worker()) for _ in range(2)]
    await asyncio.gather(*(client() for _ in range(6)))
    done.set()
    await asyncio.gather(*workers)
    async with world.sessions() as session:
        left = (await session.scalars(select(Job.id).where(Job.status.in_(["PENDING", "STARTED"])))).all()
        assert left == []
        rows = await session.execute(
            select(Job.id, Job.status, func.count(Variant.id))
            .join(Variant, Variant.job_id == Job.id, isouter=True)
            .group_by(Job.id)
        )
        assert all(count == 0 or (count == 1 and status is JobStatus.SUCCESS) for _, status, count in rows)
    assert len(jobs) == 72
    named = set(await place.keys())
    on_disk = {stored.key for stored in place.storage.files() if stored.key.startswith("processed/")}
    assert named <= on_disk
    assert named == on_disk & keys


async def test_a_write_that_waited_while_its_claim_went_on_finds_it(place: Rivals) -> None:
    """The statement saw the claim with the leader; when it has the row, it is with the follower."""
    world = place.world
    leader, follower = await place.submit(), await place.submit()
    claim = await world.claimed(leader.id)
    for transition in (fencing.renew, reached_percent.report):
        more = {"lease_s": 60} if transition is fencing.renew else {"percent": 30, "stage": "render"}
        async with world.sessions() as session:
            await lifecycle.cancel(session, leader.id)
            waiting = asyncio.create_task(world.do(transition, claim, **more))
            async with world.sessions() as looking, asyncio.timeout(30):
                blocked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                while not await looking.scalar(blocked):
                    await looking.rollback()
            await session.commit()
        await waiting
        leader, follower = follower, await place.submit()
    assert await place.states(leader, follower) == [("STARTED", 30)] * 2


async def test_a_follower_that_is_urgent_hastens_the_one_that_it_follows(place: Rivals) -> None:
    """The leader's entry of the queue is as urgent as the most urgent of those that wait with it, and no less urgent
    for others; its own row says what was asked of it."""
    leader = await place.submit()
    for priority, expected in ((5, 5), (-3, 5), (8, 8)):
        follower = await place.submit(video=1, timing=Timing(priority=priority))
        assert follower.reused_from_job_id == leader.id
        async with place.world.sessions() as session:
            found = await session.execute(text("SELECT priority FROM procrastinate_jobs WHERE status = 'todo'"))
            assert list(found.scalars()) == [expected]
    (looked_at,) = await place.look(leader)
    assert looked_at.priority == 0
    await place.world.do(lifecycle.cancel, leader.id)
    async with place.world.sessions() as session:  # one of them leads now, in its own queue
        entry = (await session.execute(text("SELECT queue_name FROM procrastinate_jobs WHERE status = 'todo'"))).one()
    assert entry.queue_name == follower.queue == "media"


async def test_a_look_for_left_followers_reads_a_leader_once_however_many_follow(
    place: Rivals, operator: asyncpg.Connection[asyncpg.Record]
) -> None:
    """With 20,000 that follow one which waits, by Postgres' own count of pages."""
    leader, follower = await place.submit(), await place.submit()
    await operator.execute("ALTER TABLE jobs SET (autovacuum_enabled = off)")
    await operator.execute(
        "INSERT INTO jobs SELECT one.* FROM jobs j, generate_series(1, 20000) AS n,"
        " jsonb_populate_record(j, jsonb_build_object('id', md5(n::text)::uuid)) AS one WHERE j.id = $1",
        follower.id,
    )
    for statistics in ("SELECT", "ANALYZE jobs"):
        await operator.execute(statistics)
        async with place.world.sessions.begin() as session:
            assert await pages_read(session, rescue_followers, "jobs") < 50, statistics
    assert (await place.world.look(leader.id)).status is JobStatus.PENDING

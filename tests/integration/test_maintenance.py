"""What dead processes leave behind is found and put right: lost jobs, forgotten queue entries, stray files."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import logging
import os
import uuid
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from sqlalchemy import CursorResult, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from reelwright.db.connection_pool import create_engine
from reelwright.db.frozen_sessions import end_frozen_sessions
from reelwright.db.models import Asset, Job, Publication, Webhook, new_id
from reelwright.db.sessions import Sessions
from reelwright.edits.edit import Edit, overlay
from reelwright.edits.facts import Facts, ImageFacts, LaidSubtitlesFacts, SubtitlesFacts
from reelwright.edits.kinds_and_states import JobStatus, JobType
from reelwright.edits.layers import ImageLayer
from reelwright.edits.plan import resolve
from reelwright.edits.steps.subtitles import SubtitlesStep
from reelwright.errors import MediaProcessFailed
from reelwright.file_formats import PNG
from reelwright.jobs import creation, failed_attempts, fencing, lifecycle
from reelwright.jobs.maintenance import Maintenance
from reelwright.jobs.patience_after_outages import OutagePatience
from reelwright.library import deletion, uploads
from reelwright.library.drawn_files import RETENTION_DAYS, image_key, laid_out_key, subtitles_key
from reelwright.library.uploaded_assets import IMAGE
from reelwright.storage import in_use
from reelwright.storage.local import IDENTITY, LocalStorage
from tests.support.job_database import World
from tests.support.media_info import media

GRACE_S = 1.0


class Place:
    """A database, a media root, a work root, and the maintenance of them."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.storage = LocalStorage(folder / "media", reserve_bytes=0)
        self.storage.prepare()
        self.work = folder / "work"
        self.work.mkdir()

    def maintenance(
        self, *, interval_s: float = 0.1, grace_s: float = GRACE_S, patience: OutagePatience | None = None
    ) -> Maintenance:
        return Maintenance(
            self.world.sessions,
            self.storage,
            work_root=self.work,
            interval_s=interval_s,
            orphan_grace_s=grace_s,
            patience=patience,
        )

    def file(self, key: str) -> Path:
        path = self.storage.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        return path

    async def fetched(self, job_id: uuid.UUID, *, seconds_ago: float, heartbeat_s_ago: float | None = None) -> None:
        """Put the job's queue entry into the hands of a worker, as a fetch does."""
        async with self.world.sessions.begin() as session:
            worker_id = await session.scalar(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
            await session.execute(
                text("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['render']::varchar[], :worker_id)"),
                {"worker_id": worker_id},
            )
            await session.execute(
                text("UPDATE procrastinate_events SET at = now() - make_interval(secs => :ago) WHERE type = 'started'"),
                {"ago": seconds_ago},
            )
            await session.execute(
                text("UPDATE procrastinate_workers SET last_heartbeat = now() - make_interval(secs => :ago)"),
                {"ago": heartbeat_s_ago or 0},
            )


@pytest.fixture
async def place(world: World, tmp_path: Path) -> Place:
    return Place(world, tmp_path)


async def test_a_lost_job_is_queued_again_within_an_interval(place: Place) -> None:
    """Its lease ran out: the failure is counted, and another worker may claim it."""
    job_id = await place.world.job()
    await place.world.claimed(job_id, lease_s=0.2)
    running = asyncio.create_task(place.maintenance().run())
    try:
        async with asyncio.timeout(5):
            while (job := await place.world.look(job_id)).status is not JobStatus.PENDING:
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert job.failures == 1
    assert (job.queue_job_id, "todo", str(job_id)) in await place.world.entries()
    assert (await place.world.claimed(job_id)).attempt == 2


async def test_a_job_that_is_lost_too_often_fails(place: Place) -> None:
    """It may be what kills the workers."""
    job_id = await place.world.job(max_failures=2)
    for _ in range(2):
        await place.world.claimed(job_id)
        await place.world.expire(job_id)
        await place.maintenance().rescue_jobs()
    job = await place.world.look(job_id)
    assert job.error is not None
    assert (job.status, job.failures, job.error["code"]) == (JobStatus.FAILURE, 2, "worker_lost")
    assert job.error_message


async def test_a_live_lease_is_left_alone(place: Place) -> None:
    """However silent its worker's queue connection is."""
    job_id = await place.world.job()
    await place.fetched(job_id, seconds_ago=3600, heartbeat_s_ago=3600)
    await place.world.claimed(job_id)
    await place.maintenance().rescue_jobs()
    job = await place.world.look(job_id)
    assert (job.status, job.attempt) == (JobStatus.STARTED, 1)
    assert [status for _, status, _ in await place.world.entries()] == ["doing"]


@pytest.mark.parametrize("fate", ["gone", "succeeded", "failed", "fetched long ago"])
async def test_a_waiting_job_that_the_queue_forgot_is_queued_again(place: Place, fate: str) -> None:
    """Once: the new entry is a live one."""
    job_id = await place.world.job()
    if fate == "fetched long ago":  # by a worker that lives: the answer to its fetch was lost
        await place.fetched(job_id, seconds_ago=3600)
    else:
        async with place.world.sessions.begin() as session:
            change = "DELETE FROM" if fate == "gone" else "UPDATE"
            await session.execute(
                text(f"{change} procrastinate_jobs" + ("" if fate == "gone" else f" SET status = '{fate}'"))
            )
    for _ in range(3):
        await place.maintenance().rescue_jobs()
    waiting = [(number, job) for number, status, job in await place.world.entries() if status == "todo"]
    assert waiting == [((await place.world.look(job_id)).queue_job_id, str(job_id))]


async def test_a_waiting_job_whose_entry_was_just_fetched_is_not_queued_again(place: Place) -> None:
    """Its worker is about to claim it."""
    job_id = await place.world.job()
    await place.fetched(job_id, seconds_ago=1)
    await place.maintenance().rescue_jobs()
    assert [status for _, status, _ in await place.world.entries()] == ["doing"]


async def test_entries_of_dead_workers_are_ended_when_their_job_has_moved_on(place: Place) -> None:
    """Those of live workers are theirs to end."""
    dead, lives = await place.world.job(), await place.world.job()
    await place.fetched(dead, seconds_ago=100, heartbeat_s_ago=100)
    await place.world.do(lifecycle.cancel, dead)
    await place.world.do(lifecycle.cancel, lives)
    await place.maintenance().rescue_jobs()
    assert sorted(status for _, status, _ in await place.world.entries()) == ["aborted", "cancelled"]
    again = await place.world.job()
    await place.fetched(again, seconds_ago=100, heartbeat_s_ago=0)
    await place.world.do(lifecycle.cancel, again)
    await place.maintenance().rescue_jobs()
    assert [status for _, status, job in await place.world.entries() if job == str(again)] == ["doing"]


@pytest.mark.parametrize("moved_on", ["ended", "queued again", "deleted"])
async def test_an_entry_that_its_living_worker_does_not_know_of_is_ended(place: Place, moved_on: str) -> None:
    """The answer to its fetch was lost: nobody else would ever end it."""
    job_id = await place.world.job()
    await place.fetched(job_id, seconds_ago=100)
    async with place.world.sessions.begin() as session:
        if moved_on == "deleted":
            await session.execute(delete(Job).where(Job.id == job_id))
        elif moved_on == "ended":
            await lifecycle.cancel(session, job_id)
            await session.execute(
                update(Job).where(Job.id == job_id).values(finished_at=func.now() - datetime.timedelta(seconds=100))
            )
    await place.maintenance().rescue_jobs()
    left = [status for _, status, _ in await place.world.entries()]
    assert left == (["aborted", "todo"] if moved_on == "queued again" else ["aborted"])


async def test_old_files_without_a_row_go_and_all_others_stay(place: Place) -> None:
    """Hidden files of broken uploads and publications go with their folders; young files may be about to get a row."""
    video_id, _ = await place.world.video()
    kept = place.file(f"uploads/{video_id}/source.mp4")
    strays = [
        place.file(f"uploads/{uuid.uuid4()}/.incoming"),
        place.file(f"uploads/{uuid.uuid4()}/source.mp4"),
        place.file(f"processed/{uuid.uuid4()}/.trim.mp4.incoming"),
        place.file(f"processed/{uuid.uuid4()}/trim.mp4"),
        place.file(f"uploads/{video_id}/.incoming"),
    ]
    await place.maintenance(grace_s=60).sweep_files()
    assert all(path.exists() for path in strays)
    await asyncio.sleep(GRACE_S + 0.1)
    young = place.file(f"uploads/{uuid.uuid4()}/.incoming")
    await place.maintenance().sweep_files()
    assert [path for path in strays if path.exists()] == []
    assert kept.exists()
    assert young.exists()
    assert sorted(folder.name for folder in (place.storage.root / "uploads").iterdir()) == sorted(
        [str(video_id), young.parent.name]
    )
    assert list((place.storage.root / "processed").iterdir()) == []


async def test_of_many_that_find_a_new_root_one_gives_it_its_id(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """The others take that for theirs: none says that it belongs to somebody else."""
    stray = place.file(f"uploads/{uuid.uuid4()}/source.mp4")
    await asyncio.sleep(0.05)
    await asyncio.gather(*(place.maintenance(grace_s=0.02).sweep_files() for _ in range(10)))
    assert "belongs to another database" not in caplog.text
    async with place.world.sessions() as session:
        known = list((await session.execute(text("SELECT id FROM storages"))).scalars())
    assert known == [place.storage.identity()]
    assert not stray.exists()


async def test_files_of_another_database_are_left_alone(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """A service that is pointed at an empty database must not take everything for an orphan."""
    await place.maintenance().sweep_files()
    stray = place.file(f"uploads/{uuid.uuid4()}/source.mp4")
    async with place.world.sessions.begin() as session:
        await session.execute(text("DELETE FROM storages"))
    await asyncio.sleep(GRACE_S + 0.1)
    await place.maintenance().sweep_files()
    assert stray.exists()
    assert "belongs to another database" in caplog.text
    (place.storage.root / IDENTITY).unlink()
    await place.maintenance().sweep_files()
    assert not stray.exists()


async def test_an_asset_s_file_stays_and_goes_with_its_row(place: Place) -> None:
    """Its row names it."""
    asset_id = new_id()
    stored = place.file(f"assets/{asset_id}/source.png")
    key = f"assets/{asset_id}/source.png"
    asset = Asset(
        id=asset_id,
        name="badge.png",
        kind=IMAGE,
        content_type="image/png",
        width=1,
        height=1,
        size_bytes=1,
        sha256="0",
    )
    async with place.world.sessions.begin() as session:
        await uploads.insert(session, asset, uploads.Received(asset_id, "badge.png", key, PNG, 1, "0", (1, 1)))
    await asyncio.sleep(0.05)
    await place.maintenance(grace_s=0.01).sweep_files()
    assert stored.exists()
    assert await place.world.do(deletion.delete_asset, asset_id) == [key]
    await place.maintenance(grace_s=0.01).sweep_files()
    assert not stored.parent.exists()


Drawn = ImageFacts | SubtitlesFacts | LaidSubtitlesFacts


async def drawn(place: Place, sha256: str, kind: type[Drawn] = ImageFacts) -> tuple[uuid.UUID, list[Path]]:
    """A job whose plan has a drawn picture, or subtitles, and the files of that."""
    video_id, file_id = await place.world.video()
    edit, canvas = overlay((ImageLayer(image_path="asset:x"),)), media().main_video.display_size
    known: Drawn = ImageFacts(sha256=sha256, width=64, height=64)
    keys = [image_key(sha256)]
    if kind is not ImageFacts:
        edit = Edit(steps=(SubtitlesStep(text="00:01 --> 00:02\nx"),))
        known = SubtitlesFacts(sha256=sha256, canvas=canvas, x=0, y=0, width=64, height=64)
        keys = [subtitles_key(sha256)]
    if kind is LaidSubtitlesFacts:
        known = LaidSubtitlesFacts(**msgspec.structs.asdict(known), cues=1)
        keys = [laid_out_key(sha256), subtitles_key(sha256)]
    facts = Facts(sha256="0", media=media(), layers=(known,))
    new = creation.NewJob(
        video_id=video_id,
        type=JobType.OVERLAY,
        edit_json={},
        plan_json=msgspec.to_builtins(resolve(edit, facts)),
        input_file_ids=(file_id,),
    )
    job = await place.world.do(creation.create, new)
    return job.id, [place.file(key) for key in keys]


@pytest.mark.parametrize("kind", [ImageFacts, SubtitlesFacts, LaidSubtitlesFacts])
async def test_what_was_drawn_stays_while_a_job_needs_it(kind: type[Drawn], place: Place) -> None:
    """Waiting and running ones for as long as that takes; ended ones for as long as a retry is likely. Of subtitles
    that were laid out that, and the video that was drawn of it."""
    world = place.world
    states = ("waiting", "running", "failed", "cancelled", "done")
    made = {
        (state, old): await drawn(place, f"{number:064x}", kind)
        for number, (state, old) in enumerate(itertools.product(states, (False, True)))
    }
    for (state, _), (job_id, _) in made.items():
        if state == "cancelled":
            await world.do(lifecycle.cancel, job_id)
        elif state != "waiting":
            claim = await world.claimed(job_id)
            if state == "failed":
                await world.do(failed_attempts.fail, claim, MediaProcessFailed("broken"))
            elif state == "done":
                await world.publish(claim, job_id)
    async with world.sessions.begin() as session:
        await session.execute(
            text("UPDATE jobs SET updated_at = now() - make_interval(days => :days) WHERE id = ANY(:ids)"),
            {"days": RETENTION_DAYS + 1, "ids": [job_id for (_, old), (job_id, _) in made.items() if old]},
        )
    await drawn(place, f"{len(made) - 1:064x}", kind)  # another job needs what one that is done has left
    nobodys = place.file(image_key("f" * 64))

    await place.maintenance(grace_s=60).sweep_files()
    assert nobodys.exists()  # its job may be about to come
    assert all(path.exists() for _, paths in made.values() for path in paths)
    await asyncio.sleep(0.05)
    await place.maintenance(grace_s=0.01).sweep_files()
    assert not nobodys.exists()
    gone = {what for what, (_, paths) in made.items() if not any(path.exists() for path in paths)}
    assert all(path.exists() for what, (_, paths) in made.items() if what not in gone for path in paths)
    assert gone == {("failed", True), ("cancelled", True), ("done", False)}


async def test_a_stray_that_is_used_again_meanwhile_stays(place: Place) -> None:
    """A picture that is drawn a second time while the sweep looks counts as young."""
    path = place.file(image_key("a" * 64))
    (stray,) = place.storage.files()
    await asyncio.sleep(0.02)
    os.utime(path)
    place.storage.discard(stray)
    assert path.exists()
    (stray,) = place.storage.files()
    place.storage.discard(stray)
    assert not path.exists()


async def test_a_file_counts_as_young_from_its_publication_on(place: Place, tmp_path: Path) -> None:
    """It may have been written long before: its row is about to come."""
    made = tmp_path / "made.mp4"
    made.write_bytes(b"x")
    os.utime(made, (0, 0))
    key = f"processed/{uuid.uuid4()}/trim.mp4"
    place.storage.publish(made, key)
    await place.maintenance().sweep_files()
    assert place.storage.path(key).exists()


async def test_a_file_that_became_young_since_it_was_seen_stays(place: Place) -> None:
    """A picture that is drawn again while the sweep is under way."""
    path = place.file(f"pictures/{'0' * 64}.png")
    (seen,) = place.storage.files()
    os.utime(path)
    place.storage.discard(seen)
    assert path.exists()
    (seen,) = place.storage.files()
    place.storage.discard(seen)
    assert not path.exists()


async def test_a_file_whose_video_was_deleted_goes(place: Place) -> None:
    """The API may die between the commit and the removal of the bytes."""
    video_id, _ = await place.world.video()
    stored = place.file(f"uploads/{video_id}/source.mp4")
    await place.world.do(deletion.delete_video, video_id)
    await place.maintenance(grace_s=0.01).sweep_files()
    assert not stored.parent.exists()


async def test_work_folders_of_dead_attempts_go_and_those_of_running_ones_stay(place: Place) -> None:
    """Whatever else lies in the work root is not ours."""
    running, lost = await place.world.job(), await place.world.job()
    for job_id in (running, lost):
        await place.world.claimed(job_id)
    await place.world.expire(lost)
    await place.world.claimed(lost)
    folders = {name: place.work / name for name in (f"{running}-1", f"{lost}-1", f"{lost}-2", f"{uuid.uuid4()}-1", "x")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "out0.mp4").write_bytes(b"x")
    await place.maintenance().sweep_files()
    assert {folder.name for folder in place.work.iterdir()} == {f"{running}-1", f"{lost}-2", "x"}


async def test_two_workers_at_once_do_everything_once(place: Place) -> None:
    """Thirty lost jobs, ten workers: each job gets one new entry, one failure, one event."""
    jobs = [await place.world.job() for _ in range(30)]
    for job_id in jobs:
        await place.world.claimed(job_id)
        await place.world.expire(job_id)
    strays = [place.file(f"processed/{uuid.uuid4()}/trim.mp4") for _ in range(20)]
    await asyncio.sleep(0.05)
    await asyncio.gather(*(place.maintenance(grace_s=0.02).rescue_jobs() for _ in range(10)))
    await asyncio.gather(*(place.maintenance(grace_s=0.02).sweep_files() for _ in range(10)))
    assert len(await place.world.entries()) == 60
    for job_id in jobs:
        assert (await place.world.look(job_id)).failures == 1
        assert [kind for _, kind, _ in await place.world.events(job_id)] == ["PENDING", "STARTED", "PENDING"]
    assert not any(path.exists() for path in strays)


@pytest.mark.parametrize("name", ["reelwright-worker", "psql"])
async def test_a_process_that_is_frozen_amid_a_statement_keeps_no_job_locked(
    place: Place, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Its session is active, and waits for it: the server would wait for ever. Whoever else does so is left alone."""
    job_id = await place.world.job()
    await place.world.claimed(job_id, lease_s=0.1)
    with psycopg.connect(place.world.url, application_name=name) as frozen:
        frozen.execute("SELECT FROM jobs WHERE id = %s FOR UPDATE", [job_id])
        frozen.pgconn.enter_pipeline_mode()
        frozen.pgconn.send_prepare(b"", b"SELECT 1")
        frozen.pgconn.send_flush_request()
        frozen.pgconn.flush()
        await asyncio.sleep(0.2)  # until its lease is over
        async with place.world.sessions.single_statements() as session:
            await end_frozen_sessions(session, silence_s=0.1)
        await asyncio.sleep(0.1)
        await place.maintenance().rescue_jobs()
        ours = name.startswith("reelwright-")
        assert (await place.world.look(job_id)).status is (JobStatus.PENDING if ours else JobStatus.STARTED)
        assert ("a session of reelwright-worker stood still" in caplog.text) is ours
        frozen.close()


async def test_a_round_that_fails_does_not_end_the_rounds(
    place: Place, caplog: pytest.LogCaptureFixture, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither an absent database nor a fault of ours: the next round may do better, and the log has it."""
    monkeypatch.setattr("reelwright.jobs.patience_after_outages.OUTAGE_PATIENCE_S", 0.1)
    job_id = await place.world.job()
    await place.world.claimed(job_id, lease_s=0.1)
    place.storage.root = place.storage.root / "nowhere"

    class Broken(Sessions):
        rounds = 0

        def __call__(self, **options: Any) -> AsyncSession:
            Broken.rounds += 1
            if Broken.rounds == 1:
                raise RuntimeError("a fault of ours")
            if Broken.rounds == 2:
                raise ConnectionResetError("the database is away")
            return super().__call__(**options)

    engine = create_engine(database_url, application_name="tests")
    maintenance = place.maintenance()
    maintenance.sessions = Broken(engine)
    with caplog.at_level(logging.WARNING, logger="reelwright.jobs.maintenance"):
        running = asyncio.create_task(maintenance.run())
        try:
            async with asyncio.timeout(10):
                while (await place.world.look(job_id)).status is not JobStatus.PENDING:
                    assert not running.done()
                    await asyncio.sleep(0.05)
        finally:
            running.cancel()
            await asyncio.wait([running])
            await engine.dispose()
    assert {"a fault of ours"} <= {str(record.exc_info[1]) for record in caplog.records if record.exc_info}


async def test_a_work_folder_that_a_process_holds_stays_whoever_s_it_is(place: Place) -> None:
    """Another service may share the work root: its jobs are in no row here. A thousand that nobody holds go at once."""
    theirs, begun = place.work / f"{uuid.uuid4()}-1", place.work / f".{uuid.uuid4()}-1.0123abcd"
    hold = in_use.make_held(theirs)
    begun.mkdir()
    for _ in range(1000):
        (place.work / f"{uuid.uuid4()}-1").mkdir()
    async with asyncio.timeout(10):
        await place.maintenance().sweep_files()
    assert set(place.work.iterdir()) == {theirs, begun}  # the young one is about to get its name
    os.close(hold)
    await place.maintenance().sweep_files()
    assert set(place.work.iterdir()) == {begun}


async def test_what_an_attempt_publishes_is_swept_only_when_it_has_lost_its_job(place: Place) -> None:
    """The database is asked, not the clock."""
    job_id = await place.world.job()
    claim = await place.world.claimed(job_id)
    folder = f"processed/{uuid.uuid4()}"
    await place.world.do(fencing.announce_publication, claim, [folder])
    stored = place.file(f"{folder}/trim.mp4")
    await asyncio.sleep(0.05)
    await place.world.expire(job_id)  # its lease has run out, as after an outage: nobody has taken the job from it yet
    await place.maintenance(grace_s=0.01).sweep_files()
    assert stored.exists()
    await place.maintenance().rescue_jobs()
    await place.maintenance(grace_s=0.01).sweep_files()
    assert not stored.exists()
    async with place.world.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Publication)) == 0


async def test_an_upload_under_way_is_not_swept(place: Place) -> None:
    """However old its file is by any clock."""
    young = place.file(f"uploads/{uuid.uuid4()}/.incoming")
    hold = in_use.hold(young.parent)
    await asyncio.sleep(0.05)
    await place.maintenance(grace_s=0.01).sweep_files()
    assert young.exists()
    os.close(hold)
    await place.maintenance(grace_s=0.01).sweep_files()
    assert not young.exists()


async def test_leases_are_not_judged_right_after_an_outage(place: Place) -> None:
    """They ran out because nobody could renew them: live attempts do so first."""
    job_id = await place.world.job()
    claim = await place.world.claimed(job_id)
    await place.world.expire(job_id)
    maintenance = place.maintenance(patience=OutagePatience(0.3))
    await maintenance.rescue_jobs()
    assert (await place.world.look(job_id)).failures == 0
    await place.world.do(fencing.renew, claim, lease_s=60)
    await asyncio.sleep(0.35)
    await maintenance.rescue_jobs()
    assert (await place.world.look(job_id)).status is JobStatus.STARTED
    await place.world.expire(job_id)
    await maintenance.rescue_jobs()
    assert (await place.world.look(job_id)).failures == 1


async def test_jobs_events_and_deliveries_are_kept_as_the_rule_of_their_project_says(place: Place) -> None:
    """Whatever their age when the rule came. A job stays while its result is there, or while it has not ended."""
    world = place.world
    async with world.sessions.begin() as session:
        session.add(Webhook(url="https://shop.example/hooks", events=["all"]))
    failed, made, waiting = [await world.job(max_failures=1) for _ in range(3)]
    await world.do(failed_attempts.fail, await world.claimed(failed), MediaProcessFailed("no such luck"))
    variant_id = await world.publish(await world.claimed(made), made)

    async def run(statement: str) -> list[object]:
        async with world.sessions.begin() as session:
            result = await session.execute(text(statement))
            assert isinstance(result, CursorResult)
            return list(result.scalars()) if result.returns_rows else []

    await run("UPDATE jobs SET created_at = now() - interval '1 hour', finished_at = finished_at - interval '1 hour'")
    await run("UPDATE events SET created_at = now() - interval '1 hour'")
    await run("UPDATE webhook_deliveries SET created_at = now() - interval '1 hour', state = 'delivered'")
    await run("UPDATE webhook_deliveries SET state = 'pending' WHERE event_seq = 1")
    jobs = "SELECT id FROM jobs ORDER BY id"
    await place.maintenance().prune_records()
    assert await run(jobs) == [failed, made, waiting]  # as shipped, they are kept for good
    assert await run("SELECT count(*) FROM events WHERE seq > 1") != [0]
    assert await run("SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered'") != [0]
    await run("""UPDATE projects SET keep = '{"jobs_s": 60, "events_s": 60}'""")
    await place.maintenance().prune_records()
    assert await run(jobs) == [made, waiting]
    told = await run("SELECT type || ' ' || (data ->> 'reason') || ' ' || subject_id FROM events")
    assert told == [f"job.deleted expired {failed}"]  # which was written a moment ago
    of_events = "SELECT state || ' ' || (event_seq = 1) FROM webhook_deliveries ORDER BY event_seq"
    assert await run(of_events) == ["pending true", "pending false"]  # no longer than the event, once it is sent
    await world.do(deletion.delete_variant, variant_id)
    await place.maintenance().prune_records()
    assert await run(jobs) == [waiting]


async def test_a_webhook_that_has_taken_nothing_for_days_is_disabled(place: Place) -> None:
    """Nobody seems to care; the others are told of it."""
    world, now = place.world, datetime.datetime.now(datetime.UTC)
    async with world.sessions.begin() as session:
        for name, days in (("away", 6), ("ailing", 4)):
            since = now - datetime.timedelta(days=days)
            session.add(Webhook(url=f"https://{name}.example", events=["all"], failing_since=since))
    await place.maintenance().prune_records()
    async with world.sessions() as session:
        found = await session.execute(select(Webhook.url, Webhook.disabled_reason).order_by(Webhook.url))
        told = (await session.scalars(text("SELECT data ->> 'url' FROM events WHERE type = 'webhook.disabled'"))).all()
    assert found.all() == [("https://ailing.example", None), ("https://away.example", "failing")]
    assert told == ["https://away.example"]

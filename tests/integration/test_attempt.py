"""One attempt at a job in this process, interrupted where two things happen at once."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import threading
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Text, cast, event, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from reelwright.capacity.machine_resources import WorkPlace
from reelwright.db.connection_pool import create_engine
from reelwright.db.models import File, Job, Variant, Video
from reelwright.db.sessions import Sessions
from reelwright.edits.edit import Edit, transcode, trim
from reelwright.edits.kinds_and_states import JobStatus, JobType, Quality
from reelwright.edits.outputs import FileOutput, VideoEncoding
from reelwright.edits.plan import VERSION
from reelwright.edits.result_check import ResultCheck
from reelwright.edits.steps.trim import TrimStep
from reelwright.jobs import claims, lifecycle
from reelwright.jobs.draft import Draft
from reelwright.jobs.fencing import Claim
from reelwright.jobs.imports import WantedImport, submit_import
from reelwright.jobs.past_jobs import RecentPast
from reelwright.jobs.patience_after_outages import OutagePatience
from reelwright.jobs.progress_webhooks import ProgressMessages
from reelwright.jobs.source_of_edit import find_source
from reelwright.jobs.submit import submit
from reelwright.jobs.survey import Surveyor
from reelwright.library import uploads
from reelwright.library.overlay_images import OverlayImages
from reelwright.media.checks.image_checker import ImageChecker
from reelwright.media.checks.inspection import Findings
from reelwright.media.checks.inspector import Inspector
from reelwright.media.probe.prober import Prober
from reelwright.media.splicing.splicer import Splicer
from reelwright.outbound.allowed_addresses import OutboundRules
from reelwright.outbound.client import OutboundClient
from reelwright.outbound.url import Target
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage
from reelwright_worker import fenced_publication, lease_and_progress
from reelwright_worker.attempt_telemetry import AttemptTelemetry
from reelwright_worker.context import WorkerContext
from reelwright_worker.lease_and_progress import TendedAttempt
from reelwright_worker.machine_health import MachineHealth
from reelwright_worker.run_job import run_job
from tests.support import footage, frame_judge, odd_files
from tests.support.invariants import processes_about
from tests.support.job_database import World
from tests.support.media_files import ffmpeg
from tests.support.remote import Remote, saying


class SlowStorage(LocalStorage):
    """Publishes when it is let."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, reserve_bytes=0)
        self.reached = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def publish(self, local: Path, key: str) -> None:
        self.reached.set()
        assert self.go.wait(20)
        super().publish(local, key)


class UnsteadySessions(Sessions):
    """Transactions whose connection breaks where a test says so."""

    breaks: dict[str, int]
    """How often at which moment: "begin", "answer" (after a commit), or "commit" (before it) and "committed" (after it)
    of a publication."""

    def trouble(self, moment: str) -> None:
        if self.breaks.get(moment):
            self.breaks[moment] -= 1
            raise ConnectionResetError(f"the connection broke: {moment}")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:  # type: ignore[override]
        self.trouble("begin")
        publishes = False

        def flushing(flushed: Session, *_: object) -> None:
            nonlocal publishes
            publishes = publishes or any(isinstance(row, File) for row in flushed.new)

        async with super().begin() as session:
            event.listen(session.sync_session, "before_flush", flushing)
            yield session
            await session.flush()
            if publishes:
                self.trouble("commit")
        self.trouble("answer")
        if publishes:
            self.trouble("committed")

    @asynccontextmanager
    async def single_statements(self) -> AsyncGenerator[AsyncSession]:
        self.trouble("begin")
        async with super().single_statements() as session:
            yield session
        self.trouble("answer")


class Workbench:
    """A worker's context with one video, and a database that can be made to fail."""

    def __init__(
        self,
        context: WorkerContext,
        sessions: UnsteadySessions,
        storage: SlowStorage,
        world: World,
    ) -> None:
        self.context = context
        self.sessions = sessions
        self.storage = storage
        self.world = world
        self.video_id = uuid.UUID(int=0)
        """What jobs work on."""

    async def upload(self, path: Path) -> uuid.UUID:
        async def chunks() -> AsyncIterator[bytes]:
            yield path.read_bytes()

        video = await uploads.store_video(
            chunks(),
            filename=path.name,
            storage=self.storage,
            prober=self.context.prober,
            sessions=self.world.sessions,
        )
        return video.id

    async def submit(self, edit: Edit, type_: JobType) -> uuid.UUID:
        async with self.world.sessions.begin() as session:
            draft = Draft(edit=edit, source=await find_source(session, self.video_id), type=type_)
            return (await submit(session, draft, max_failures=3)).id

    async def job(self, start: float, end: float) -> uuid.UUID:
        return await self.submit(trim(start, end), JobType.TRIM)

    async def seen(self, job_id: uuid.UUID) -> str | None:
        """What a worker knows that has fetched the job: its plan, and what there is on the machine."""
        assert await self.context.machine.able()
        async with self.world.sessions() as session:
            plan: str | None = await session.scalar(select(cast(Job.plan_json, Text)).where(Job.id == job_id))
        return plan

    async def claimed(self, job_id: uuid.UUID) -> tuple[Claim, Job]:
        async with self.world.sessions.begin() as session:
            taken = await claims.claim(session, job_id, worker="w", lease_s=60)
        assert taken is not None
        return taken

    async def variants(self) -> int:
        async with self.world.sessions() as session:
            return await session.scalar(select(func.count()).select_from(Variant)) or 0

    async def stored(self) -> list[str]:
        """Keys of results on the disk; each must have its row."""
        found = sorted(file.key for file in self.storage.files() if file.key.startswith("processed"))
        async with self.world.sessions() as session:
            rows = await session.scalars(select(File.key).where(File.variant_id.is_not(None)))
        assert found == sorted(rows)
        assert list((self.storage.root / "processed").iterdir()) == [self.storage.path(key).parent for key in found]
        return found


@pytest.fixture
async def bench(
    world: World, settings: Settings, clip: Path, prober: Prober, inspector: Inspector, splicer: Splicer
) -> AsyncIterator[Workbench]:
    storage = SlowStorage(settings.media_path)
    storage.prepare()
    settings.work_path.mkdir()
    engine = create_engine(world.url, application_name="tests", pool_size=5)
    sessions = UnsteadySessions(engine)
    sessions.breaks = {}

    place = WorkPlace.of(settings, storage)
    machine = MachineHealth(settings, place, sessions, name="w")
    assert await machine.examine()
    outbound = OutboundClient(OutboundRules.of(settings))
    context = WorkerContext(
        settings=settings,
        sessions=sessions,
        storage=storage,
        prober=prober,
        upload_prober=prober,
        outbound=outbound,
        progress=ProgressMessages(sessions, outbound, timeout_s=settings.webhook_timeout_s),
        checker=ImageChecker(memory_bytes=settings.media_memory_bytes),
        inspector=inspector,
        splicer=splicer,
        machine=machine,
        place=place,
        patience=OutagePatience(0.0),
        past=RecentPast(took=True),
        overlay_images=OverlayImages(settings, storage),
    )
    bench = Workbench(context, sessions, storage, world)
    bench.video_id = await bench.upload(clip)
    yield bench
    await engine.dispose()
    assert list(settings.work_path.iterdir()) == []


@pytest.mark.parametrize("moment", ["commit", "committed"])
async def test_a_commit_whose_answer_is_lost_counts_once(bench: Workbench, moment: str) -> None:
    """Whether the commit came through or not: there is one result, and its file stays."""
    bench.sessions.breaks[moment] = 1
    job_id = await bench.job(1, 2)
    await run_job(bench.context, job_id)
    assert bench.sessions.breaks[moment] == 0
    job = await bench.world.look(job_id)
    assert (job.status, job.attempt, await bench.variants()) == (JobStatus.SUCCESS, 1, 1)
    assert await bench.stored() == [f"processed/{job.output_variant_id}/trim.mp4"]


@pytest.mark.parametrize("moment", ["commit", "committed"])
async def test_an_import_whose_commits_answer_is_lost_counts_once(
    bench: Workbench, clip: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with any other result: one video, with its file, and nothing is left of the import's own folder."""
    monkeypatch.setattr(fenced_publication, "COMMIT_RETRY_S", 0.001)
    async with Remote(saying(200, clip.read_bytes())).running() as remote:
        async with bench.world.sessions.begin() as session:
            wanted = WantedImport(Target.read(remote.url()))
            job_id = (await submit_import(session, wanted, said=uploads.NOTHING_SAID, max_failures=3)).id
        bench.sessions.breaks[moment] = 1
        await run_job(bench.context, job_id)
    assert bench.sessions.breaks[moment] == 0
    job = await bench.world.look(job_id)
    assert (job.status, job.attempt, job.failures) == (JobStatus.SUCCESS, 1, 0)
    async with bench.world.sessions() as session:
        assert set(await session.scalars(select(Video.id))) == {bench.video_id, job.video_id}
        keys = sorted(await session.scalars(select(File.key)))
    assert sorted(file.key for file in bench.storage.files()) == keys
    assert sorted(path.name for path in (bench.storage.root / "uploads").iterdir()) == [
        key.split("/")[1] for key in keys
    ]


async def test_a_database_that_never_takes_the_result_gets_the_job_back(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers each time, so that it is not waited for as one that is away: the job waits for another worker, which
    is no failure of its own. Its file is the sweep's, for a commit may have come through."""
    monkeypatch.setattr(fenced_publication, "COMMIT_RETRY_S", 0.001)
    bench.sessions.breaks["commit"] = fenced_publication.MAX_REFUSALS
    job_id = await bench.job(1, 2)
    await run_job(bench.context, job_id)
    job = await bench.world.look(job_id)
    assert (bench.sessions.breaks["commit"], job.status, job.failures) == (0, JobStatus.PENDING, 0)
    assert await bench.variants() == 0


ONE_OR_MORE = pytest.mark.parametrize("at_once", [True, False], ids=["one statement", "several"])
"""How a job is claimed: at once, where its plan was seen as it was fetched."""


@ONE_OR_MORE
async def test_a_claim_whose_answer_is_lost_is_no_failure(bench: Workbench, at_once: bool) -> None:
    """The job waits again at once; a claim that was never made leaves it as it was."""
    job_id = await bench.job(1, 2)
    plan = await bench.seen(job_id) if at_once else None
    for moment, events in (("begin", 1), ("answer", 3)):
        bench.sessions.breaks[moment] = 1
        await run_job(bench.context, job_id, plan=plan)
        assert bench.sessions.breaks[moment] == 0
        job = await bench.world.look(job_id)
        assert (job.status, job.failures, job.lease_until) == (JobStatus.PENDING, 0, None)
        assert len(await bench.world.events(job_id)) == events
    await run_job(bench.context, job_id, plan=plan)
    assert (await bench.world.look(job_id)).status is JobStatus.SUCCESS


@ONE_OR_MORE
async def test_a_worker_that_stops_while_it_claims_hands_the_job_back(bench: Workbench, at_once: bool) -> None:
    """The claim may be committed already: then the job is its own, and nobody else would look for long."""
    job_id = await bench.job(1, 2)
    plan = await bench.seen(job_id) if at_once else None
    async with bench.world.sessions.begin() as session:
        await session.scalar(select(Job).where(Job.id == job_id).with_for_update())
        working = asyncio.create_task(run_job(bench.context, job_id, plan=plan))
        await asyncio.sleep(0.2)
        working.cancel()
        await asyncio.sleep(0.1)
    await asyncio.wait([working])
    job = await bench.world.look(job_id)
    assert (job.status, job.failures, job.lease_until) == (JobStatus.PENDING, 0, None)
    assert [(kind, attempt) for _, kind, attempt in await bench.world.events(job_id)] == [
        ("PENDING", 0),
        ("STARTED", 1),
        ("PENDING", 1),
    ]


async def publishing(bench: Workbench, job_id: uuid.UUID) -> asyncio.Task[None]:
    """The attempt, held in the thread that publishes its file."""
    bench.storage.reached.clear()
    bench.storage.go.clear()
    working = asyncio.create_task(run_job(bench.context, job_id))
    assert await asyncio.to_thread(bench.storage.reached.wait, 20)
    return working


async def test_a_worker_that_stops_while_it_publishes_takes_the_file_back(bench: Workbench) -> None:
    """However often it is told to stop: the thread cannot be, so it is waited for."""
    job_id = await bench.job(1, 2)
    working = await publishing(bench, job_id)
    for _ in range(3):
        working.cancel()
        await asyncio.sleep(0.05)
    assert not working.done()
    bench.storage.go.set()
    await asyncio.wait([working])
    assert (await bench.world.look(job_id)).status is JobStatus.PENDING
    assert await bench.stored() == []


@pytest.mark.parametrize("how", ["cancelled", "another attempt"])
async def test_a_job_that_is_lost_while_it_is_published_takes_the_file_back(bench: Workbench, how: str) -> None:
    """The fence decides, not the files; what others did to the job stays."""
    job_id = await bench.job(1, 2)
    working = await publishing(bench, job_id)
    if how == "cancelled":
        await bench.world.do(lifecycle.cancel, job_id)
    else:
        await bench.world.expire(job_id)
        while await bench.world.claim(job_id) is None:  # it was renewed just now
            await bench.world.expire(job_id)
    await asyncio.sleep(1.2)  # renewals and progress are refused meanwhile
    bench.storage.go.set()
    await asyncio.wait([working])
    assert working.exception() is None
    expected = JobStatus.CANCELLED if how == "cancelled" else JobStatus.STARTED
    assert (await bench.world.look(job_id)).status is expected
    assert await bench.stored() == []


async def test_a_lost_lease_ends_the_work_on_it(bench: Workbench, caplog: pytest.LogCaptureFixture) -> None:
    """The renewal, or the next progress, finds it out: ffmpeg is gone, and nothing is unforeseen about it."""
    job_id = await bench.job(0, 4)
    with caplog.at_level(logging.INFO):
        working = asyncio.create_task(run_job(bench.context, job_id))
        async with asyncio.timeout(20):
            while not processes_about(bench.context.settings.work_path):
                await asyncio.sleep(0.005)
        await bench.world.do(lifecycle.cancel, job_id)
        await asyncio.wait([working])
    assert working.exception() is None
    assert not [record for record in caplog.records if record.exc_info]
    assert (await bench.world.look(job_id)).status is JobStatus.CANCELLED
    assert await bench.stored() == []


async def test_handing_back_outlasts_a_short_outage(bench: Workbench) -> None:
    """Else the job would wait for its lease, and count a failure."""
    job_id = await bench.job(1, 2)
    working = await publishing(bench, job_id)
    bench.sessions.breaks["begin"] = 2
    working.cancel()
    bench.storage.go.set()
    await asyncio.wait([working])
    assert bench.sessions.breaks["begin"] == 0
    job = await bench.world.look(job_id)
    assert (job.status, job.failures) == (JobStatus.PENDING, 0)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"inputs": []}, "internal"), ({"version": VERSION + 1}, "newer_plan"), ({"outputs": "none"}, "newer_plan")],
)
async def test_a_plan_that_makes_no_sense_here_fails_the_attempt(
    bench: Workbench, wrong: dict[str, Any], code: str
) -> None:
    """The job does not stay STARTED, and another worker may try it: one of the release that planned it, say."""
    job_id = await bench.job(1, 2)
    async with bench.world.sessions.begin() as session:
        job = await session.get_one(Job, job_id)
        job.plan_json = {**(job.plan_json or {}), **wrong}
    for _ in range(3):
        await run_job(bench.context, job_id)
    job = await bench.world.look(job_id)
    assert job.error is not None
    assert (job.status, job.error["code"], job.attempt) == (JobStatus.FAILURE, code, 3)


class Tended(TendedAttempt):
    """Waits for something that is done beside the work."""

    def __init__(self, bench: Workbench, claim: Claim, job: Job, done: Callable[[Job], bool]) -> None:
        super().__init__(bench.context, claim, job, AttemptTelemetry(claim, job))
        self.bench = bench
        self.done = done

    async def _written(self) -> tuple[str, int]:
        return "disk", 0

    async def _work(self) -> None:
        self._advance(50)
        while not self.done(await self.bench.world.look(self.job.id)):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("outages", [0, 2])
async def test_a_lease_that_was_claimed_long_ago_is_renewed_at_once(bench: Workbench, outages: int) -> None:
    """A claim may wait for others' claims, in a busy database for most of the lease. Where the renewal does not come
    through, those of other attempts do not either, and none is judged for a while."""
    claim, job = await bench.claimed(await bench.job(1, 2))
    until, lease_s, patience = job.lease_until, bench.context.settings.lease_s, bench.context.patience
    assert patience.is_over()
    bench.sessions.breaks["begin"] = outages
    claim = dataclasses.replace(claim, asked_at=time.monotonic() - lease_s)
    async with asyncio.timeout(lease_s / 5):
        await Tended(bench, claim, job, lambda now: now.lease_until != until).run()
    assert patience.is_over() == (outages == 0)


@pytest.mark.parametrize(
    ("outages", "interval_s"),
    [pytest.param(0, 1000, id="at once"), pytest.param(2, 0.01, id="once the database is back")],
)
async def test_how_far_a_job_is_is_written_as_it_is_told(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, outages: int, interval_s: float
) -> None:
    """What is written later than it was true makes the rest seem slower than it is."""
    claim, job = await bench.claimed(await bench.job(1, 2))
    monkeypatch.setattr(lease_and_progress, "PROGRESS_INTERVAL_S", interval_s)
    bench.sessions.breaks["begin"] = outages
    async with asyncio.timeout(20):
        await Tended(bench, claim, job, lambda now: now.progress >= 50).run()
    assert bench.sessions.breaks["begin"] == 0


async def test_software_takes_over_where_hardware_fails(bench: Workbench) -> None:
    """An encoder that worked when the worker started and does not now costs time, not the job."""
    machine = bench.context.machine
    machine.capabilities = msgspec.structs.replace(machine.capabilities, hardware=("h264_nvenc",))
    output = FileOutput(video=VideoEncoding(hardware=True, preset="ultrafast"), quality=Quality.P480)
    job_id = await bench.submit(transcode((output,)), JobType.TRANSCODE_MULTI)
    await run_job(bench.context, job_id)
    job = await bench.world.look(job_id)
    assert (job.status, job.failures) == (JobStatus.SUCCESS, 0)
    assert job.recipe_json is not None
    (command,) = job.recipe_json["commands"]
    assert "libx264" in command["arguments"]


@pytest.mark.parametrize(
    ("video", "keyframe_every", "seen"),
    [
        ("h264", 125, "10 frames, expected 20"),
        pytest.param("hevc", 150, "source is damaged", marks=pytest.mark.slow),
        pytest.param("vp9", 125, "source is damaged", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("steps", [((4.6, 5.4),), ((4.0, 6.0), (0.6, 1.4))], ids=["a trim", "an edit"])
async def test_a_seek_that_lands_wrong_is_followed_by_a_try_from_the_start(
    bench: Workbench,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    video: str,
    keyframe_every: int,
    seen: str,
    steps: tuple[tuple[float, float], ...],
) -> None:
    """A file may be wrong about where decoding can begin. Decoded from there, frames are missing, or the source
    seems damaged: it is whole from its start, and so is the result, in the same attempt."""
    source = footage.make(video=video, size=(160, 96), seconds=6, b_frames=0, keyframe_every=keyframe_every)
    bench.video_id = await bench.upload(odd_files.without_key_frame_list(tmp_path / "source.mp4", source.path))
    edit = Edit(steps=tuple(TrimStep(start=start, end=end) for start, end in steps))
    with caplog.at_level(logging.INFO):
        await run_job(bench.context, job_id := await bench.submit(edit, JobType.EDIT))
    job = await bench.world.look(job_id)
    assert (job.status, job.attempt, job.warnings) == (JobStatus.SUCCESS, 1, [])
    assert seen in caplog.text
    assert "once more" in caplog.text
    (key,) = await bench.stored()
    assert [frame.number for frame in frame_judge.read(bench.storage.path(key))] == list(range(115, 135))


class Sabotaged(Inspector):
    """Between the render and the look at them its files lose the index at their front."""

    async def inspect(self, made: Path, *args: Any, **more: Any) -> Findings:
        behind = made.with_name("behind.mp4")
        ffmpeg("-i", str(made), "-map", "0", "-c", "copy", str(behind))
        behind.rename(made)
        return await super().inspect(made, *args, **more)


async def test_what_a_result_was_held_to_is_stored_with_it(bench: Workbench) -> None:
    job = await bench.world.look(await run_and_return(bench, await bench.job(1, 2)))
    async with bench.world.sessions() as session:
        variant = await session.get(Variant, job.output_variant_id)
    assert variant is not None
    checks = msgspec.convert(variant.checks["checks"], list[ResultCheck])
    assert {"decodes", "frames", "frame_times", "duration", "index"} <= {check.name for check in checks}
    assert "failed" not in {check.outcome for check in checks}


async def test_a_result_that_fails_a_check_is_not_published_and_the_check_is_named(bench: Workbench) -> None:
    settings = bench.context.settings
    reader, memory_bytes = bench.context.prober.server, settings.media_memory_bytes
    sabotaged = Sabotaged(reader, memory_bytes=memory_bytes, stall_s=settings.stall_timeout_s)
    bench.context = replace(bench.context, inspector=sabotaged)
    job = await bench.world.look(await run_and_return(bench, await bench.job(0, 1)))
    assert (job.status, job.error["code"] if job.error else "") == (JobStatus.FAILURE, "verify_failed")
    assert job.error is not None
    assert [(check["name"], check["outcome"]) for check in job.error["checks"]] == [("index", "failed")]
    assert "index: behind the media, expected first" in job.error["detail"]
    assert await bench.variants() == 0
    assert await bench.stored() == []


class SabotagedOnce(Sabotaged):
    """What is made once more is left alone."""

    async def inspect(self, made: Path, *args: Any, **more: Any) -> Findings:
        self.inspect = partial(Inspector.inspect, self)  # type: ignore[method-assign]
        return await super().inspect(made, *args, **more)


async def test_a_copy_that_fails_a_check_is_coded_anew(bench: Workbench) -> None:
    """In the same attempt, and the job says so; what is published is held to the same."""
    settings = bench.context.settings
    reader, memory_bytes = bench.context.prober.server, settings.media_memory_bytes
    sabotaged = SabotagedOnce(reader, memory_bytes=memory_bytes, stall_s=settings.stall_timeout_s)
    bench.context = replace(bench.context, inspector=sabotaged)
    bench.video_id = await bench.upload(footage.make(seconds=4).path)
    async with bench.world.sessions.begin() as session:
        source = await find_source(session, bench.video_id)
        draft = Draft(edit=msgspec.structs.replace(trim(0.7, 3.3), mode="smart"), source=source, type=JobType.TRIM)
        draft = replace(draft, survey=await Surveyor(bench.context.splicer, bench.storage).survey(draft))
        job_id = (await submit(session, draft, max_failures=3)).id
    await run_job(bench.context, job_id)
    job = await bench.world.look(job_id)
    assert (job.status, job.attempt, job.failures) == (JobStatus.SUCCESS, 1, 0)
    (warning,) = job.warnings
    assert warning.startswith("the cut is coded anew: ")
    assert "index: behind the media" in warning
    assert len(await bench.stored()) == 1


async def run_and_return(bench: Workbench, job_id: uuid.UUID) -> uuid.UUID:
    await run_job(bench.context, job_id)
    return job_id

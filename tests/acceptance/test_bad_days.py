"""A machine's, a disk's or a database's trouble: jobs wait, are charged with nothing, and go on by themselves."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import imageio_ffmpeg
import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.invariants import OUTAGE, check, processes_about
from tests.support.processes import PATIENCE_S, Process, standing_still
from tests.support.proxy import Wire, wire
from tests.support.service import Service, problem

ROOM_BYTES, BALLAST_BYTES = 768 << 20, 896 << 20
"""Far more than what other processes write or remove meanwhile: the disk is the machine's."""
GOES_ON_WITHIN_S = 10.0
OF_DOUBLED_PAUSES_S = 36
"""An outage after which whoever tries again after 1, 2, 4, 8, 16 and 32 s comes too late by more than
2 * GOES_ON_WITHIN_S: the last pause began before its end, be each a tenth shorter or longer."""


class Place:
    """Where the service works, and how that is spoiled and mended."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.media = folder / "media"
        self.ffmpeg = folder / "ffmpeg"
        self.ballast = folder / "ballast"
        (folder / "work of one service").mkdir()
        self.mend()

    def settings(self, settings: Settings) -> Settings:
        free_bytes = shutil.disk_usage(self.work).free
        return msgspec.structs.replace(
            settings,
            work_root=str(self.work),
            ffmpeg_bin=str(self.ffmpeg),
            media_root=str(self.media),
            disk_reserve_bytes=free_bytes - ROOM_BYTES,
            max_failures=1,  # one that is counted would be the last
        )

    def fill(self) -> None:
        with self.ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)

    def make_read_only(self) -> None:
        self._lead(self.work, Path("/sys/kernel"))  # where even root makes no file

    def remove_ffmpeg(self) -> None:
        self.ffmpeg.unlink()

    def mend(self) -> None:
        self._lead(self.work, self.work.with_name("work of one service"))
        self._lead(self.ffmpeg, Path(imageio_ffmpeg.get_ffmpeg_exe()))
        self.ballast.unlink(missing_ok=True)

    @staticmethod
    def _lead(link: Path, target: Path) -> None:
        link.unlink(missing_ok=True)
        link.symlink_to(target)


@pytest.fixture
def place() -> Iterator[Place]:
    """On a disk that few others write to; containers have little of that."""
    roomy = shutil.disk_usage("/dev/shm").free > 4 * BALLAST_BYTES
    with tempfile.TemporaryDirectory(prefix="reelwright-", dir="/dev/shm" if roomy else None) as folder:
        yield Place(Path(folder))


async def says(service: Service, name: str) -> tuple[str, dict[str, Any]]:
    """/ready: in all, and of one part."""
    found = (await service.client.get("/ready")).json()
    (part,) = (part for part in found["checks"] if part["name"] == name)
    return found["status"], part


async def eventually(holds: Callable[[], Any], *, within_s: float) -> Any:
    """What `holds` gives, once that is true."""
    deadline = time.monotonic() + within_s
    while not (found := await holds()):
        assert time.monotonic() < deadline, f"not within {within_s} s"
        await asyncio.sleep(0.1)
    return found


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(Place.fill, "no_space", id="full disk"),
        pytest.param(Place.make_read_only, "storage", id="read-only disk", marks=pytest.mark.slow),
        pytest.param(Place.remove_ffmpeg, "cannot_start", id="no ffmpeg", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
async def test_a_machine_that_cannot_work_takes_no_jobs(
    place: Place, settings: Settings, tmp_path: Path, clip: Path, spoil: Callable[[Place], None], code: str
) -> None:
    """Jobs stay queued, not one failure is counted, and everybody is told why: /ready, the job, log and metrics. When
    it is mended all of them are done."""
    async with Service(place.settings(settings), tmp_path).running() as service, service.worker() as worker:
        video = await service.upload(clip)
        assert (await says(service, "queue"))[0] == "ready"
        spoil(place)
        jobs = [await service.trim(video["id"], 1, 1.5) for _ in range(6)]

        async def told() -> bool:
            return "takes no jobs" in (await says(service, "queue"))[1]["detail"]

        await eventually(told, within_s=PATIENCE_S)
        assert (await says(service, "queue"))[0] in ("degraded", "not_ready")
        await eventually(lambda: waits(service, jobs, code), within_s=PATIENCE_S)
        for job_id in jobs:
            job = await service.job(job_id)
            assert (job["status"], job["failures"], job["attempt"]) == ("PENDING", 0, 0)
        assert "no jobs are taken" in worker.log.read_text()
        if code == "no_space":
            problem(await service.client.post("/videos/upload", files={"file": ("v.mp4", b"x")}), 507, "no_space")

        async def counted() -> bool:
            return f'reelwright_workers_hindered{{code="{code}"}} 1.0' in (await service.client.get("/metrics")).text

        await eventually(counted, within_s=PATIENCE_S)

        place.mend()
        mended = time.monotonic()
        await eventually(lambda: ended_or_started(service, jobs), within_s=GOES_ON_WITHIN_S)
        for job_id in jobs:
            await service.until(job_id, "SUCCESS")
            assert (await service.job(job_id))["waiting_for"] is None
        assert time.monotonic() - mended < 60
        assert (await says(service, "queue"))[0] == "ready"
        assert await service.sql("SELECT 1 FROM jobs WHERE failures > 0") == []
        await check(service)


async def waits(service: Service, jobs: list[str], code: str) -> bool:
    reasons = [(await service.job(job_id))["waiting_for"] for job_id in jobs]
    return all(reason and reason["code"] == code and reason["detail"] for reason in reasons)


async def ended_or_started(service: Service, jobs: list[str]) -> bool:
    return any([(await service.job(job_id))["status"] in ("STARTED", "SUCCESS") for job_id in jobs])


async def running(service: Service, job_id: str) -> list[int]:
    """The job's ffmpeg, once it runs."""

    async def look() -> list[int]:
        return processes_about(f"/{job_id}-")

    found: list[int] = await eventually(look, within_s=PATIENCE_S)
    return found


@pytest.mark.slow
async def test_a_disk_that_fills_amid_a_job_costs_it_nothing(
    place: Place, settings: Settings, tmp_path: Path, long_clip: Path
) -> None:
    """It goes back to the queue as it was, and starts again when there is room."""
    async with Service(place.settings(settings), tmp_path).running() as service, service.worker():
        video = await service.upload(long_clip)
        job_id = await service.trim(video["id"], 0, 30)
        with standing_still(await running(service, job_id)):
            place.fill()
        await eventually(lambda: waits(service, [job_id], "no_space"), within_s=PATIENCE_S)
        place.mend()
        job = await service.until(job_id, "SUCCESS")
        assert (job["failures"], job["attempt"] >= 2) == (0, True)
        await check(service)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.slow
async def test_a_job_that_no_empty_disk_could_hold_fails(
    small_disk: Path, settings: Settings, tmp_path: Path, long_clip: Path
) -> None:
    """It would wait for ever: the sentence has what it needs and what there is. Once a worker lives, which tells what
    it has, such a job is not even taken."""
    changed = msgspec.structs.replace(settings, work_root=str(small_disk), disk_reserve_bytes=65536)
    async with Service(changed, tmp_path).running() as service:
        video = await service.upload(long_clip)
        too_large = await service.trim(video["id"], 0, 55)
        async with service.worker():
            job = await service.until(too_large, "FAILURE")
            assert (job["error"]["code"], job["failures"]) == ("no_space", 1)
            assert "the whole disk has" in job["error_message"]
            assert list(small_disk.iterdir()) == []
            again = {"video_id": video["id"], "start": 0, "end": 54}
            problem(await service.client.post("/trim", json=again), 422, "exceeds_machines")
            await service.until(await service.trim(video["id"], 0, 0.5), "SUCCESS")


@pytest.mark.slow
async def test_an_ffmpeg_that_is_told_to_stop_costs_the_job_nothing(
    service: Service, long_clip: Path, settings: Settings
) -> None:
    """A log-out, a shutdown, a stray SIGTERM: ffmpeg ends with 255 and says no error."""
    async with service.worker():
        video = await service.upload(long_clip)
        job_id = await service.trim(video["id"], 0, 5)
        (pid, *_) = await running(service, job_id)
        os.kill(pid, signal.SIGTERM)
        await service.until(job_id, "PENDING")
        assert (await service.job(job_id))["waiting_for"]["code"] == "killed"
        job = await service.until(job_id, "SUCCESS")
        assert job["failures"] == 0


@pytest.mark.slow
async def test_a_stored_file_that_the_disk_does_not_give_is_not_called_damaged(service: Service, clip: Path) -> None:
    """ffmpeg says the same of both: the job waits, and is done when the file can be read again."""
    async with service.worker(MAX_FAILURES="1"):
        video = await service.upload(clip)
        stored = service.settings.media_path / video["stored_path"]
        kept = stored.rename(stored.with_name("kept"))
        stored.symlink_to("/proc/self/mem")  # a regular file whose first byte is answered with EIO, as of a dead sector
        job_id = await service.trim(video["id"], 1, 2)
        await eventually(lambda: waits(service, [job_id], "storage"), within_s=PATIENCE_S)
        assert "Input/output error" in (await service.job(job_id))["waiting_for"]["detail"]
        kept.replace(stored)
        job = await service.until(job_id, "SUCCESS")
        assert job["failures"] == 0
        await check(service)


async def test_an_upload_that_the_disk_does_not_take_is_no_fault_of_the_clients(service: Service, clip: Path) -> None:
    """503 with the reason and when to come again, not 500; it is taken when the disk can be written."""
    folder = service.settings.media_path / "uploads"
    kept = folder.rename(folder.with_name("kept"))
    folder.symlink_to(folder.name)  # leads nowhere: there even root makes no file
    answer = await service.client.post("/videos/upload", files={"file": ("a.mp4", clip.read_bytes())})
    assert "storage cannot be used" in str(problem(answer, 503, "busy")["detail"])
    assert answer.headers["retry-after"] == "5"
    assert "answered with 503 busy: " in service.api.log.read_text()  # for the operator
    kept.rename(folder.with_name("back"))
    folder.unlink()
    folder.with_name("back").rename(folder)
    assert (await service.upload(clip))["id"]
    assert len(service.stored()) == 1


def stray(service: Service) -> Path:
    """A file that no row names and nobody uses."""
    folder = service.settings.media_path / "processed" / str(uuid.uuid4())
    folder.mkdir(parents=True)
    (folder / "trim.mp4").write_bytes(b"x")
    return folder


async def swept(service: Service) -> None:
    """Until a file that is made now has been removed: so everything older has been looked at."""
    made = stray(service)

    async def gone() -> bool:
        return not made.exists()

    await eventually(gone, within_s=PATIENCE_S)


@pytest.mark.slow
async def test_what_an_attempt_has_published_stays_while_it_holds_its_job(
    service: Service, clip: Path, tmp_path: Path
) -> None:
    """However long its commit takes: the sweep asks the database whose the files are, and not how old they are."""
    video = await service.upload(clip)
    job_id = await service.trim(video["id"], 1, 2)
    go = tmp_path / "go"
    slow = await service.start_worker(REELWRIGHT_FAULTS=f"renamed, not committed=pause:{go}", LEASE_S="600")

    async def published() -> bool:
        return go.with_name("go.reached").exists()

    await eventually(published, within_s=PATIENCE_S)
    async with service.worker(ORPHAN_GRACE_S="0.5"):
        await swept(service)
        go.touch()
        await service.until(job_id, "SUCCESS")
        assert (await service.result(job_id)).stat().st_size > 0
        await check(service)
    await slow.end()


@pytest.mark.slow
async def test_an_upload_under_way_stays_however_slow_it_is(service: Service, clip: Path) -> None:
    """Less than a megabyte comes within the grace time: nothing of it is on the disk, or it is old by then."""
    body = clip.read_bytes()

    async def dripping() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        yield body[: len(body) // 2]
        await swept(service)
        yield body[len(body) // 2 :] + b"\r\n--x--\r\n"

    async with service.worker(ORPHAN_GRACE_S="0.5"):
        answer = await service.client.post(
            "/videos/upload", content=dripping(), headers={"content-type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == 201, answer.text
        await service.until(await service.trim(answer.json()["id"], 1, 2), "SUCCESS")
        await check(service)


@asynccontextmanager
async def wired(settings: Settings, folder: Path) -> AsyncIterator[tuple[Service, Wire]]:
    """A service whose database is at the other end of a wire; the test's own questions take a way apart."""
    async with wire(settings.configured_database_url) as line:
        changed = msgspec.structs.replace(settings, database_url=line.url, max_failures=1)
        async with Service(changed, folder).running() as service:
            yield service, line


async def answered(service: Service, path: str, *, within_s: float) -> httpx.Response:
    began = time.monotonic()
    answer = await service.client.get(path)
    assert time.monotonic() - began < within_s
    return answer


async def succeeds(service: Service, job_id: str, *, within_s: float) -> None:
    async def look() -> bool:
        with suppress(httpx.TransportError):
            answer = await service.client.get(f"/status/{job_id}")
            if answer.status_code == 200:
                assert answer.json()["status"] not in ("FAILURE", "CANCELLED"), answer.text
                return bool(answer.json()["status"] == "SUCCESS")
        return False

    await eventually(look, within_s=within_s)


@pytest.mark.parametrize(
    ("how", "lasts_s"),
    [
        (Wire.mute, 12),
        pytest.param(Wire.mute, OF_DOUBLED_PAUSES_S, marks=pytest.mark.slow),
        pytest.param(Wire.cut, OF_DOUBLED_PAUSES_S, marks=pytest.mark.slow),
    ],
    ids=["mute", "long mute", "long cut"],
)
async def test_work_goes_on_soon_after_any_outage(
    settings: Settings, tmp_path: Path, clip: Path, long_clip: Path, how: Callable[[Wire], None], lasts_s: float
) -> None:
    """Longer than a lease: the job that runs is not run again, what waits is started, no request waits for long."""
    async with wired(settings, tmp_path) as (service, line), service.worker(MAX_CONCURRENT_JOBS="1"):
        video, short = await service.upload(long_clip), await service.upload(clip)
        job_id = await service.trim(video["id"], 0, 12)
        await running(service, job_id)
        waiting = await asyncio.gather(*(service.trim(short["id"], 1, 1.5) for _ in range(3)))
        how(line)
        silent = time.monotonic()
        problem(await answered(service, f"/status/{job_id}", within_s=12), 503, "busy")
        ready = await answered(service, "/ready", within_s=12)
        assert ready.json()["status"] == "not_ready"
        await asyncio.sleep(max(0.0, silent + lasts_s - time.monotonic()))
        aside, begun = Service(settings, tmp_path), "SELECT count(*) FROM job_events WHERE type = 'STARTED'"
        before = await aside.sql(begun)

        async def goes_on() -> bool:
            return await aside.sql(begun) != before

        line.mend()
        await eventually(goes_on, within_s=2 * GOES_ON_WITHIN_S)
        for one in (job_id, *waiting):
            await succeeds(service, one, within_s=PATIENCE_S)
        rows = await service.sql("SELECT id::text, attempt, failures FROM jobs WHERE type <> 'upload_probe'")
        assert {row["failures"] for row in rows} == {0}
        await check(service, declared=OUTAGE)


@pytest.mark.slow
async def test_a_worker_heeds_sigterm_while_its_database_is_mute(
    settings: Settings, tmp_path: Path, long_clip: Path
) -> None:
    """It cannot hand its job back, and ends all the same."""
    patient = msgspec.structs.replace(settings, lease_s=12.0)  # the job is its own until then, on any machine
    async with wired(patient, tmp_path) as (service, line):
        worker: Process = await service.start_worker()
        video = await service.upload(long_clip)
        job_id = await service.trim(video["id"], 0, 50)
        await running(service, job_id)
        line.mute()
        began = time.monotonic()
        await worker.end(within_s=45)
        assert time.monotonic() - began < 40
        assert processes_about(f"/{job_id}-") == []

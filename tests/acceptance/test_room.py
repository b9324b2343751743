"""Room on a small disk and a small machine: jobs wait for it instead of dying of its lack, and all are done."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.invariants import check
from tests.support.media_files import ffmpeg
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, problem

MIB = 1 << 20
SCARCE_MIB = 64
"""Of a disk that holds what is uploaded and made below, and little more."""


@pytest.fixture
def disk_of(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """A disk of so many MiB, which nobody else writes to."""
    mounted: list[Path] = []

    def mount(size_mib: int) -> Path:
        folder = tmp_path / f"disk {len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip("mounting a small disk is not allowed here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def noisy(folder: Path) -> Path:
    """Two seconds that are hard to code: some 12 MB."""
    path = folder / "noisy.mp4"
    picture = "color=gray:size=640x360:rate=30,noise=alls=100:allf=t"
    coding = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p")
    ffmpeg("-f", "lavfi", "-i", picture, "-t", "2", *coding, str(path))
    return path


@asynccontextmanager
async def small(
    settings: Settings, tmp_path: Path, disk: Path, *, workers: int = 0, **changed: Any
) -> AsyncIterator[Service]:
    rules = {"disk_reserve_bytes": MIB, "reuse_results": False, "lease_s": PATIENCE_S}  # nobody dies here
    own = msgspec.structs.replace(settings, media_root=str(disk / "media"), work_root="", **(rules | changed))
    async with Service(own, tmp_path).running() as service, AsyncExitStack() as stack:
        for _ in range(workers):
            await stack.enter_async_context(service.worker())
        yield service


async def all_done(service: Service, jobs: list[str]) -> list[dict[str, Any]]:
    return [await service.until(job_id, "SUCCESS") for job_id in jobs]


async def test_mixed_jobs_on_a_small_disk_are_all_done(
    disk_of: Callable[[int], Path], settings: Settings, tmp_path: Path, clip: Path, noisy: Path
) -> None:
    """Two workers with three slots each share it, and it holds one of the jobs that may become large. None runs out of
    disk, none is charged with a failure, and nothing stays reserved."""
    disk = disk_of(48)
    async with small(settings, tmp_path, disk) as service:
        hard, light = (await service.upload(noisy))["id"], (await service.upload(clip))["id"]
        coding = {"qualities": ["240p"], "video_bit_rate": 30_000_000, "preset": "ultrafast"}
        jobs = [await ask(service, f"/transcode/{light}", coding) for _ in range(3)]
        for number in range(3):
            jobs.append(await service.trim(hard, 0, 0.4 + number / 50))
            jobs.append(await service.trim(light, 0, 0.5 + number / 10))
        go = tmp_path / "go"
        slots = {"MAX_CONCURRENT_JOBS": "3", "REELWRIGHT_FAULTS": f"rendered, not verified=pause:{go}"}
        async with service.worker(**slots), service.worker(**slots):
            async with asyncio.timeout(PATIENCE_S):
                while not no_room(tmp_path):  # what has been made waits for it: else they might come one by one
                    await asyncio.sleep(0.05)
            go.touch()
            done = await all_done(service, jobs)
            assert charges(tmp_path) == []
            assert {(job["failures"], job["attempt"]) for job in done} == {(0, 1)}
            await all_given_back(service)
        assert "no_space" not in logs(tmp_path)
        await check(service)


@pytest.mark.parametrize(
    ("disk_mib", "heavy_s", "count"),
    [pytest.param(SCARCE_MIB, 3.2, 32, marks=pytest.mark.slow), pytest.param(2048, 40.0, 100, marks=pytest.mark.soak)],
)
async def test_many_mixed_jobs_on_a_disk_that_fills_up(
    disk_mib: int,
    heavy_s: float,
    count: int,
    disk_of: Callable[[int], Path],
    settings: Settings,
    tmp_path: Path,
    clip: Path,
    noisy: Path,
) -> None:
    """Large and small ones, ladders, images and cuts, with uploads among them: no ENOSPC, no OOM, all done."""
    disk = disk_of(disk_mib)
    heavy = tmp_path / "heavy.mp4"
    ffmpeg("-stream_loop", str(int(heavy_s)), "-i", str(noisy), "-t", str(heavy_s), "-c", "copy", str(heavy))
    async with small(settings, tmp_path, disk, workers=2, max_concurrent_jobs=4) as service:
        large, light = (await service.upload(heavy))["id"], (await service.upload(clip))["id"]
        jobs = []
        for number in range(count):
            source, last = (large, heavy_s * (6 + number % 5) / 20) if number % 4 == 0 else (light, 1 + number % 3)
            match number % 5:
                case 0 | 1:
                    jobs.append(await service.trim(source, number / 100, last))
                case 2:
                    body: dict[str, Any] = {"qualities": ["240p"], "preset": "ultrafast", "video_bit_rate": 30_000_000}
                    jobs.append(await ask(service, f"/transcode/{light}", body))
                case 3:
                    body = {
                        "source": source,
                        "steps": [{"type": "trim", "start": 0, "end": 2}],
                        "outputs": ["mp4:240p"],
                    }
                    jobs.append(await ask(service, "/edits", body))
                case _:
                    jobs.append(await ask(service, "/edits", {"source": light, "outputs": ["jpg:poster"]}))
            if number % (count // 4) == count // 4 - 1:
                await service.upload(heavy)
        done = await all_done(service, jobs)
        assert charges(tmp_path) == []
        assert {job["failures"] for job in done} == {0}
        await all_given_back(service)
        if disk_mib == SCARCE_MIB:
            assert no_room(tmp_path) > 0  # else nothing was proven
        assert "no_space" not in logs(tmp_path)
        assert "out_of_memory" not in logs(tmp_path)
        await check(service)


async def test_a_job_says_how_much_it_waits_for_and_begins_when_another_ends(
    settings: Settings, tmp_path: Path, clip: Path
) -> None:
    """Memory for one: the second waits with the figures, and is woken by the end of the first, long before anybody
    would look again. They are two workers' on one machine."""
    go = tmp_path / "go"
    limited = msgspec.structs.replace(settings, machine_memory_bytes=130 * MIB, reuse_results=False, lease_s=PATIENCE_S)
    faults = {"REELWRIGHT_FAULTS": f"rendered, not verified=pause:{go}"}
    async with Service(limited, tmp_path).running() as service, service.worker(**faults):
        video = (await service.upload(clip))["id"]
        first = await service.trim(video, 0, 1)
        await service.until(first, "STARTED")
        async with service.worker():
            second = await service.trim(video, 0, 2)
            waiting = await reason(service, second)
            assert waiting["code"] == "memory"
            assert "bytes of memory" in waiting["detail"]
            assert "are free" in waiting["detail"]
            go.touch()
            await all_done(service, [first, second])
            assert (await service.job(second))["waiting_for"] is None
            await all_given_back(service)


async def test_what_no_machine_could_ever_make_is_refused(settings: Settings, tmp_path: Path, clip: Path) -> None:
    limited = msgspec.structs.replace(settings, machine_memory_bytes=20 * MIB)
    async with Service(limited, tmp_path).running() as service, service.worker():
        video = (await service.upload(clip))["id"]
        answer = await service.client.post("/trim", json={"video_id": video, "start": 0, "end": 1})
        detail = str(problem(answer, 422, "exceeds_machines")["detail"])
        assert "bytes of memory" in detail
        assert str(20 * MIB) in detail
        assert "MACHINE_MEMORY_BYTES" in detail


async def test_a_worker_that_dies_gives_back_what_it_had_reserved(
    settings: Settings, tmp_path: Path, clip: Path
) -> None:
    """With its lease, by itself."""
    limited = msgspec.structs.replace(settings, machine_memory_bytes=130 * MIB, lease_s=6.0, reap_interval_s=0.5)
    async with Service(limited, tmp_path).running() as service:
        video = (await service.upload(clip))["id"]
        job_id = await service.trim(video, 0, 1)
        worker = await service.start_worker(REELWRIGHT_FAULTS="rendered, not verified=kill")
        await worker.process.wait()
        assert await reserved(service) == ["disk", "memory"]
        async with service.worker():
            await service.until(job_id, "SUCCESS")


async def ask(service: Service, path: str, body: dict[str, Any]) -> str:
    answer = await service.client.post(path, json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


async def reason(service: Service, job_id: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            job = await service.job(job_id)
            if (waiting := job["waiting_for"]) is not None:
                found: dict[str, Any] = waiting
                return found
            assert job["status"] == "PENDING"
            await asyncio.sleep(0.05)


async def reserved(service: Service) -> list[str]:
    """Of what something is reserved."""
    rows = await service.sql("SELECT DISTINCT kind FROM ops.reservations WHERE counts ORDER BY kind")
    return [row["kind"] for row in rows]


async def all_given_back(service: Service) -> None:
    """What the last job had is given back just after its end."""
    async with asyncio.timeout(PATIENCE_S):
        while await reserved(service):
            await asyncio.sleep(0.05)


def logs(folder: Path) -> str:
    return "".join(log.read_text() for log in folder.glob("worker*.log"))


def charges(folder: Path) -> list[str]:
    """What jobs are charged with, as the workers say it."""
    return [line for line in logs(folder).splitlines() if "job failed" in line or "lost its worker" in line]


def no_room(folder: Path) -> int:
    """How often a job waited for disk."""
    return logs(folder).count("bytes of disk")


@pytest.mark.parametrize("repeatable", [False, True], ids=["once", "with an Idempotency-Key"])
async def test_a_large_upload_has_its_room_reserved_while_it_comes(service: Service, repeatable: bool) -> None:
    """Nobody else begins on it meanwhile; one that would not fit beside what is spoken for is refused before its bytes
    come, and what it had is given back when it ends, however it does. Nor does the reservation wait to be seen for the
    transaction around a request that may be repeated."""
    size = 72 * MIB
    arrived, go_on = asyncio.Event(), asyncio.Event()
    first, last = b"", b""
    headers = {"Content-Type": "application/octet-stream"}
    if repeatable:
        first = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        last = b"\r\n--x--\r\n"
        checksum = f"sha256 {hashlib.sha256(bytes(size)).hexdigest()}"
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "Idempotency-Key": "a",
            "Upload-Checksum": checksum,
        }
    headers["Content-Length"] = str(len(first) + size + len(last))

    async def body() -> AsyncIterator[bytes]:
        yield first + bytes(MIB)
        arrived.set()
        await go_on.wait()
        for _ in range(71):
            yield bytes(MIB)
        yield last

    async def send() -> int:
        if repeatable:
            return (await service.client.post("/videos/upload", headers=headers, content=body())).status_code
        answer = await service.client.put("/videos", params={"filename": "a.mp4"}, headers=headers, content=body())
        return answer.status_code

    sending = asyncio.create_task(send())
    await arrived.wait()
    held: list[Any] = []
    async with asyncio.timeout(PATIENCE_S):
        while not held:
            assert not sending.done(), await sending
            held = await service.sql("SELECT resource, what, amount, job_id FROM ops.reservations")
    (row,) = held
    assert (row["what"], row["amount"] >= 64 * MIB, row["job_id"]) == ("upload", True, None)
    await service.sql(
        "INSERT INTO reservations (holder, resource, what, amount, until)"
        " VALUES (gen_random_uuid(), $1, 'trim', 1000000000000000, now() + interval '1 hour')",
        row["resource"],
    )
    refused = await service.client.put("/videos", params={"filename": "b.mp4"}, content=bytes(size))
    assert "that jobs and uploads at work may take" in str(problem(refused, 507, "no_space")["detail"])
    go_on.set()
    assert await sending == 415  # zeros are no video
    assert [one["what"] for one in await service.sql("SELECT what FROM ops.reservations")] == ["trim"]


async def test_a_row_that_nobody_can_read_keeps_no_worker_from_its_work(service: Service, clip: Path) -> None:
    """Whatever wrote it: every worker looks for jobs that wait for room, when it starts and again and again."""
    video_id = (await service.upload(clip))["id"]
    tomorrow = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    waits = await service.trim(video_id, 0, 1, run_at=tomorrow.isoformat())
    await service.sql(
        "INSERT INTO job_waits (job_id, code, detail, times, machine, need)"
        f" VALUES ('{waits}', 'memory', 'x', 0, 'another', '{{\"cores\": \"many\"}}')"
    )
    async with service.worker() as worker, asyncio.timeout(PATIENCE_S):
        while "ValidationError" not in worker.log.read_text():
            await asyncio.sleep(0.1)
        await service.until(await service.trim(video_id, 0, 1), "SUCCESS")

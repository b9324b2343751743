"""The runner against real processes: ffmpeg where its behaviour counts, small shell programs where it cannot misbehave
as wanted. They have no children: a contained process may not start any."""

from __future__ import annotations

import array
import asyncio
import fcntl
import gc
import os
import shutil
import signal
import subprocess
import termios
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest

from reelwright.errors import MediaProcessFailed
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.command import Command, Recipe
from reelwright.media.ffmpeg.runner import Budget, run
from tests.support.invariants import processes_about

CAPABILITIES = Capabilities(ffmpeg_version="any", threads=1, tone_mapping=False)
BUDGET = Budget(wall_base_s=30, wall_factor=1, stall_s=20, memory_bytes=2 << 30, output_bytes=1 << 30)
FFMPEG = Path(imageio_ffmpeg.get_ffmpeg_exe())
ENDLESS = (
    *("-nostdin", "-nostats", "-loglevel", "level+warning", "-progress", "pipe:1", "-stats_period", "0.2"),
    *("-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "mpegts", "<out0>"),
)


def recipe(*arguments: str, expected_s: str = "10") -> Recipe:
    return Recipe(commands=(Command(arguments=arguments, expected_s=expected_s),), capabilities=CAPABILITIES)


class Bench:
    """A work folder and what was reported."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.work.mkdir()
        self.reports: list[float] = []
        self.speeds: list[float | None] = []

    def program(self, script: str) -> Path:
        """A stand-in for ffmpeg."""
        path = self.work.parent / "stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    async def run(
        self, what: Recipe | None = None, *, ffmpeg: Path = FFMPEG, budget: Budget = BUDGET, **inputs: Path
    ) -> None:
        slots = {**inputs, "out0": self.work / "out0.mp4"}
        await run(
            what or recipe("<out0>"),
            slots,
            ffmpeg=ffmpeg,
            work=self.work,
            budget=budget,
            report=self.told,
        )

    def told(self, percent: float, speed: float | None) -> None:
        self.reports.append(percent)
        self.speeds.append(speed)

    async def fails(self, what: Recipe | None = None, **more: Any) -> MediaProcessFailed:
        with pytest.raises(MediaProcessFailed) as caught:
            await self.run(what, **more)
        assert processes_about(self.work) == []
        return caught.value

    async def running(self) -> int:
        """The process, once it has written something."""
        async with asyncio.timeout(20):
            while not (pids := processes_about(self.work)) or not any(self.work.iterdir()):
                await asyncio.sleep(0.02)
        return pids[0]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("times", [(), ("-copyts",)], ids=["from nothing", "as the source has them"])
async def test_a_run_that_ends_well_reports_rising_progress(bench: Bench, times: tuple[str, ...]) -> None:
    """Exit status 0 and `progress=end` are success; the reported percentage never falls, ends at 100 also where ffmpeg
    does not count what was out at its first report, and has the speed of the whole then."""
    arguments = [*times, *ENDLESS[:-3], "-t", "1", *ENDLESS[-3:]]
    began = time.monotonic()
    await bench.run(recipe(*arguments, expected_s="1"))
    took_s = time.monotonic() - began
    assert bench.reports == sorted(bench.reports)
    assert bench.reports[-1] == 100
    assert bench.speeds[-1] is not None
    assert bench.speeds[-1] >= round(1 / took_s, 3)
    assert (bench.work / "out0.mp4").stat().st_size > 0


async def test_a_stopped_process_is_killed_after_the_stall_time(bench: Bench) -> None:
    """Stopped by SIGSTOP it makes no progress, and SIGTERM does not reach it."""
    running = asyncio.create_task(bench.fails(recipe(*ENDLESS), budget=replace(BUDGET, stall_s=1.5)))
    os.kill(await bench.running(), signal.SIGSTOP)
    began = time.monotonic()
    failure = await running
    assert (failure.code, failure.retryable) == ("stalled", True)
    assert 1 < time.monotonic() - began < 6


async def test_a_process_that_ignores_sigterm_is_killed(bench: Bench) -> None:
    """Patience with an unwanted process is short."""
    began = time.monotonic()
    failure = await bench.fails(
        ffmpeg=bench.program("trap '' TERM; exec sleep 1000"), budget=replace(BUDGET, wall_base_s=1, wall_factor=0.01)
    )
    assert failure.code == "timed_out"
    assert not failure.retryable
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("number", "code", "retryable"),
    [
        ("SEGV", "crashed", True),
        ("KILL", "killed", True),
        ("XFSZ", "limit_output_size", False),
        ("XCPU", "limit_cpu", False),
    ],
)
async def test_death_by_a_signal_says_which(bench: Bench, number: str, code: str, retryable: bool) -> None:
    """A crash may pass, a limit will not: only the former is tried again."""
    failure = await bench.fails(ffmpeg=bench.program(f"echo '[error] last words' >&2; kill -{number} $$"))
    assert (failure.code, failure.retryable) == (code, retryable)
    assert failure.evidence.exit_status == -getattr(signal, f"SIG{number}")
    assert failure.evidence.stderr_tail == "[error] last words"


async def test_exit_status_0_without_a_finished_report_is_a_failure(bench: Bench) -> None:
    """ffmpeg that stops early may still exit with 0."""
    failure = await bench.fails(ffmpeg=bench.program("echo frame=1; echo progress=continue; exit 0"))
    assert failure.code == "ffmpeg_failed"


async def test_a_finished_report_without_exit_status_0_is_a_failure(bench: Bench) -> None:
    """The reason is ffmpeg's own, without any path."""
    script = 'echo progress=end; echo "[out#0 @ 0x5f] [error] Cannot write $1" >&2; exit 1'
    failure = await bench.fails(ffmpeg=bench.program(script))
    assert failure.code == "ffmpeg_failed"
    assert failure.detail == "ffmpeg could not make the output: Cannot write file:out0.mp4"
    assert str(bench.work) not in failure.evidence.stderr_tail


async def test_floods_on_both_pipes_are_drained_in_constant_memory(bench: Bench) -> None:
    """Millions of lines, lines without an end, bytes that are no text: nothing of it is kept, NUL least of all."""
    line = "x" * 1000
    script = (
        f"i=0; while [ $i -lt 4000 ]; do i=$((i+1)); printf '{line}{line}{line}'; printf 'junk\\000\\377 {line}' >&2; "
        f"printf 'frame=%s\\nout_time_us=%s000\\nspeed=N/A\\nk$i=%s\\nprogress=continue\\n' $i $i {line}; done; "
        "printf '[error] \\000 end\\n' >&2; echo progress=end; exit 1"
    )
    gc.collect()
    tracemalloc.start()
    try:
        failure = await bench.fails(ffmpeg=bench.program(script))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 << 20
    assert len(failure.evidence.stderr_tail) < 1 << 16
    assert "\0" not in failure.evidence.stderr_tail
    assert bench.reports == sorted(bench.reports)
    assert bench.reports[-1] == pytest.approx(40)  # 4 of 10 s


async def test_an_output_beyond_the_limit_ends_the_process(bench: Bench) -> None:
    """The kernel stops it at the limit, and it is not tried again."""
    failure = await bench.fails(
        recipe(*(argument for argument in ENDLESS if argument != "-re")), budget=replace(BUDGET, output_bytes=200_000)
    )
    assert (failure.code, failure.retryable) == ("limit_output_size", False)
    assert (bench.work / "out0.mp4").stat().st_size <= 200_000


class Fed:
    """A video that ffmpeg reads from a named pipe, so that it is known what it has read when a signal reaches it."""

    def __init__(self, video: bytes, path: Path, work: Path) -> None:
        self.video, self.path, self.work = video, path, work
        self.over = threading.Event()
        os.mkfifo(path)

    def stop_early(self) -> None:
        """Give a reader the video's first bytes, then SIGTERM, then one byte more. Return when it has gone."""
        with self.path.open("r+b", buffering=0) as pipe:  # who only writes would have to wait, and for whom is not said
            self._feed(pipe, self.video[:20])
            (pid,) = processes_about(self.work)
            os.kill(pid, signal.SIGTERM)
            pipe.write(self.video[20:21])
        while pid in processes_about(self.work):
            time.sleep(0.02)

    def give(self) -> None:
        with self.path.open("r+b", buffering=0) as pipe:
            self._feed(pipe, self.video)

    def _feed(self, pipe: FileIO, part: bytes) -> None:
        """Write, and wait until it has been read."""
        pipe.write(part)
        left = array.array("i", [len(part)])
        while left[0] and not self.over.wait(0.01):
            fcntl.ioctl(pipe, termios.FIONREAD, left)

    @asynccontextmanager
    async def doing(self, *acts: Callable[[Fed], None]) -> AsyncIterator[None]:
        """One act a reader, beside the block."""
        feeding = asyncio.create_task(asyncio.to_thread(lambda: [act(self) for act in acts]))
        try:
            yield
        finally:
            self.over.set()
            await feeding
            self.over.clear()


@pytest.mark.parametrize(("container", "said"), [("mp4", "Invalid data found"), ("matroska", "Error opening input")])
async def test_an_ffmpeg_that_is_told_to_stop_while_it_opens_its_input_starts_again(
    bench: Bench, tmp_path: Path, container: str, said: str
) -> None:
    """It calls the video invalid, or ends with 0; nothing is wrong with the video, and it is made all the same. What is
    said twice is believed."""
    made = tmp_path / "made"
    picture = ("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-movflags", "+faststart", "-f", container)
    subprocess.run([FFMPEG, "-v", "error", *picture, made], check=True)
    video = Fed(made.read_bytes(), tmp_path / "video", bench.work)
    arguments = (*ENDLESS[: ENDLESS.index("-re")], "-i", "<in0>", "-f", "mpegts", "<out0>")

    async with video.doing(Fed.stop_early, Fed.give):
        await bench.run(recipe(*arguments), in0=video.path)
    assert (bench.work / "out0.mp4").stat().st_size > 0
    async with video.doing(Fed.stop_early, Fed.stop_early):
        failure = await bench.fails(recipe(*arguments), in0=video.path)
    assert failure.code == "ffmpeg_failed"
    assert said in failure.evidence.stderr_tail


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_a_full_disk_says_so_and_may_be_tried_again(small_disk: Path) -> None:
    """Space may come back."""
    failure = await Bench(small_disk).fails(recipe(*(argument for argument in ENDLESS if argument != "-re"), "-xerror"))
    assert (failure.code, failure.retryable) == ("no_space", True)


async def test_what_must_stay_free_on_the_disk_stays_free(small_disk: Path) -> None:
    """Others write to it too: a job ends long before the disk is full."""
    bench = Bench(small_disk)
    failure = await bench.fails(recipe(*ENDLESS), budget=replace(BUDGET, reserve_bytes=900_000))
    assert (failure.code, failure.retryable) == ("no_space", True)
    assert "900000 must stay free" in failure.detail
    assert bench.reports, "it ran until then"


async def test_a_job_does_not_begin_on_a_disk_without_room(bench: Bench) -> None:
    """Whatever its own output will need."""
    failure = await bench.fails(recipe(*ENDLESS), budget=replace(BUDGET, reserve_bytes=1 << 60))
    assert (failure.code, bench.reports) == ("no_space", [])


async def test_a_cancelled_run_returns_when_its_process_is_gone(bench: Bench) -> None:
    """Also when it is cancelled again meanwhile, as a lost lease and an abort request do together."""
    running = asyncio.create_task(bench.run(ffmpeg=bench.program("trap '' TERM; echo >started; exec sleep 1000")))
    await bench.running()
    while not running.done():
        running.cancel()
        await asyncio.wait([running], timeout=0.1)
    assert processes_about(bench.work) == []
    assert running.cancelled()


async def test_a_vanished_work_folder_is_no_surprise(bench: Bench) -> None:
    """The sweep takes the folder of an attempt that was lost while its worker stood still."""
    running = asyncio.create_task(bench.fails(ffmpeg=bench.program("echo >started; exec sleep 3")))
    await bench.running()
    shutil.rmtree(bench.work)
    assert (await running).code == "ffmpeg_failed"

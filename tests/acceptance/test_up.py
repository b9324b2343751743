"""`reelwright up` and `demo`: the whole service from one command, on its own database, in a folder with a space."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from reelwright.settings_reader import parse
from tests.support.invariants import descendants, processes_about, until_none
from tests.support.processes import PATIENCE_S, Process, children_of
from tests.support.service import Service, environment


@pytest.fixture
def house(tmp_path: Path) -> Service:
    return furnished(tmp_path / "my videos")


def furnished(folder: Path, **more: str) -> Service:
    """A service that is not started yet: its folder, its port, its client's routes."""
    folder.mkdir()
    settings = parse(
        {
            "APP_ENV": "test",
            "MEDIA_ROOT": str(folder / "data"),
            "SHUTDOWN_GRACE_S": "1",
            "DISK_RESERVE_BYTES": "1048576",
            **more,
        }
    )
    return Service(settings, folder)


@asynccontextmanager
async def standing(house: Service) -> AsyncIterator[Process]:
    """`reelwright up`, once it is ready. Whatever still runs at the end is killed."""
    up = await house.start("up", "-m", "reelwright", "up")
    try:
        async with httpx.AsyncClient(base_url=house.url, timeout=30, trust_env=False) as house.client:
            await ready(house, up)
            yield up
    finally:
        kill_what_runs(house, up.pid)
        await up.process.wait()


def kill_what_runs(house: Service, pid: int) -> None:
    for left in [*descendants(pid), *processes_about(house.folder)]:
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(left, signal.SIGKILL)


async def ready(house: Service, up: Process) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            assert up.process.returncode is None, up.log.read_text()
            with suppress(httpx.TransportError):
                if (await house.client.get("/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


def child(up: Process, words: str) -> int:
    (pid,) = (pid for pid in children_of(up.pid) if pid in processes_about(words))
    return pid


async def nothing_runs(house: Service, *pids: int, within_s: float) -> None:
    """Wait until the processes, and everything that has the folder open or in its argv, is gone: PostgreSQL too."""

    async def complain() -> list[str]:
        left = {pid for pid in pids if descendants(pid)} | set(processes_about(house.folder))
        return [f"process {pid} still runs" for pid in left]

    await until_none(complain, within_s=within_s)


@pytest.mark.from_nothing
async def test_one_command_brings_everything_and_ctrl_c_takes_it_away(house: Service, clip: Path) -> None:
    """A video can be uploaded and trimmed, also when API and worker have been killed meanwhile: they are started again.
    SIGINT ends API, worker and database, with exit status 0."""
    async with standing(house) as up:
        video = await house.upload(clip)
        victims = [child(up, "reelwright_worker"), child(up, "\0serve\0")]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(5):
            while any(descendants(pid) for pid in victims):
                await asyncio.sleep(0.01)
        await ready(house, up)
        await house.until(await house.trim(video["id"], 1, 2), "SUCCESS")
        family = descendants(up.pid)
        assert len(family) >= 3
        assert await up.end(signal.SIGINT) == 0
        await nothing_runs(house, *family, within_s=10)
        assert "Traceback" not in up.log.read_text()


@pytest.mark.slow
async def test_a_killed_supervisor_leaves_nothing_running(house: Service) -> None:
    """API, worker and database end by themselves, within the worker's grace time and a little more."""
    async with standing(house) as up:
        family = descendants(up.pid)
        up.send(signal.SIGKILL)
        await up.process.wait()
        await nothing_runs(house, *family, within_s=20)


async def test_a_port_that_is_taken_is_told_in_one_line(house: Service) -> None:
    """At once, before anything is started, with a status other than 0."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.settings.app_port))
        taken.listen()
        up = await house.start("up", "-m", "reelwright", "up")
        assert await asyncio.wait_for(up.process.wait(), PATIENCE_S) == 1
    assert up.log.read_text().splitlines() == [
        f"Error: the API cannot listen on 127.0.0.1:{house.settings.app_port}: Address already in use. "
        "Set APP_HOST and APP_PORT to an address that is free."
    ]
    assert not house.settings.database_path.exists()


@pytest.mark.parametrize("command", ["serve", "up"])
async def test_a_host_that_has_no_address_is_told_in_one_line(tmp_path: Path, command: str) -> None:
    """At once: which setting, and what was looked for."""
    house = furnished(tmp_path / "nowhere", APP_HOST="no.such.host.invalid")
    process = await house.start(command, "-m", "reelwright", command)
    assert await asyncio.wait_for(process.process.wait(), PATIENCE_S) == 1
    (line,) = process.log.read_text().splitlines()
    assert line.startswith(f"Error: the API cannot listen on no.such.host.invalid:{house.settings.app_port}: ")
    assert line.endswith("Set APP_HOST and APP_PORT to an address that is free.")
    assert not house.settings.database_path.exists()


@pytest.mark.slow
async def test_the_demo_runs_beside_whoever_has_the_port(house: Service, clip: Path) -> None:
    """It takes a free one of its own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", house.settings.app_port))
        taken.listen()
        demo = await house.start("demo", "-m", "reelwright", "demo", "--video", str(clip))
        assert await asyncio.wait_for(demo.process.wait(), PATIENCE_S) == 0, demo.log.read_text()
    assert (house.folder / "demo-output" / "clip-trim.mp4").stat().st_size > 0


async def test_an_ffmpeg_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    """At once: the setting and its path."""
    house = furnished(tmp_path / "bare", FFMPEG_BIN="/opt/nothing/ffmpeg")
    up = await house.start("up", "-m", "reelwright", "up")
    assert await asyncio.wait_for(up.process.wait(), PATIENCE_S) == 1
    (line,) = up.log.read_text().splitlines()
    assert "FFMPEG_BIN=/opt/nothing/ffmpeg" in line
    assert not house.settings.database_path.exists()


def said(file: str, words: str) -> Callable[[Path], bool]:
    """Whether a file of the house has the words by now."""
    return lambda folder: (folder / file).exists() and words in (folder / file).read_text(errors="replace")


def there(pattern: str) -> Callable[[Path], bool]:
    return lambda folder: any(folder.glob(pattern))


MOMENTS = {
    "the database is made": there("data/postgres/init-*"),
    "the schema is made": said("data/postgres/run/keeper.log", "ready to accept connections"),
    "the API starts": said("demo-output/service.log", "Started server process"),
    "the sample is made": said("demo.log", "Making a sample"),
    "the upload runs": there("data/uploads/*/.incoming"),
    "the job runs": there("data/work/*-1"),
}

LARGE_BYTES = 1 << 30
"""Of an upload that is not over before anybody has seen it."""

TRIED_ALWAYS = ("the database is made",)


async def interrupted(
    house: Service, argv: Sequence[str], moment: Callable[[Path], bool], *signals: signal.Signals
) -> int:
    """Run the command in a process group of its own and signal the group at the moment. Returns the exit status."""
    log = house.folder / f"{argv[0]}.log"
    with log.open("wb") as lines:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "reelwright", *argv),
            env=environment(house.settings, PYTHONUNBUFFERED="1"),
            cwd=house.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=lines,
            stderr=lines,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not moment(house.folder):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.01)
        for number in signals:
            os.killpg(process.pid, number)
        status = await asyncio.wait_for(process.wait(), PATIENCE_S)
        await nothing_runs(house, within_s=10)
    finally:
        kill_what_runs(house, process.pid)
        await process.wait()
    for written in (log, house.folder / "demo-output" / "service.log"):
        assert not written.exists() or "Traceback" not in written.read_text()
    return status


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param(
            moment,
            signal.SIGTERM if moment == "the upload runs" else signal.SIGINT,
            marks=() if moment in TRIED_ALWAYS else pytest.mark.slow,
        )
        for moment in MOMENTS
    ],
)
async def test_signals_end_the_demo_cleanly(
    tmp_path: Path, moment: str, number: signal.Signals, long_clip: Path
) -> None:
    """Ctrl-C at any moment is status 130, SIGTERM 143: no traceback, and nothing that it started runs any more."""
    house = furnished(tmp_path / "my videos")
    argv = ["demo"]
    if moment == "the upload runs":
        large = house.folder / "large.mp4"
        large.touch()
        os.truncate(large, LARGE_BYTES)
        argv += ["--video", str(large)]
    elif moment == "the job runs":
        argv += ["--video", str(long_clip), "--end", "60"]
    assert await interrupted(house, argv, MOMENTS[moment], number) == 128 + number


def imports(folder: Path) -> bool:
    """Whether the program has begun to load its libraries."""
    return any("msgspec" in Path(f"/proc/{pid}/maps").read_text() for pid in processes_about(folder))


@pytest.mark.parametrize("command", ["up", "demo"])
async def test_ctrl_c_amid_the_imports_just_ends_it(tmp_path: Path, command: str) -> None:
    """By the signal itself: no traceback, nothing was made."""
    house = furnished(tmp_path / "my videos")
    assert await interrupted(house, [command], imports, signal.SIGINT) == -signal.SIGINT
    assert (house.folder / f"{command}.log").read_text() == ""
    assert [path.name for path in house.folder.iterdir()] == [f"{command}.log"]


@pytest.mark.slow
async def test_a_signal_before_it_answers_ends_the_service_cleanly(tmp_path: Path) -> None:
    """With status 0, as when it ran; a second one changes nothing of that."""
    statuses = await asyncio.gather(
        *(
            interrupted(furnished(tmp_path / moment), ["up"], MOMENTS[moment], number, number)
            for moment, number in (("the database is made", signal.SIGINT), ("the schema is made", signal.SIGTERM))
        )
    )
    assert statuses == [0, 0]

"""Processes of the product under test, as operators start them: `python -m reelwright` and `python -m procrastinate`.

Their programs take longer to be imported than most tests to run. So they are imported once, in a process that does
nothing else, and each process under test is a fork of that one: it has its own environment, folder, arguments and
log, and runs its program from the first line of its `__main__` on. What `up` and `demo`
start, and what is of another release, is started from nothing; with TESTS_START=exec everything is, as for tests marked
`from_nothing` in CI.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Protocol

from reelwright import fault_points

IMPORTED = (
    "reelwright.cli",
    "reelwright.api.server",
    "reelwright.up",
    "reelwright.demo",
    "reelwright.doctor",
    "reelwright.backup.make",
    "reelwright.backup.restore",
    "reelwright_worker.app",
    "procrastinate.cli",
    "fontTools.ttLib",
)
MEASURED = str(Path(__file__).with_name("measured.py"))
START_VARIABLE = "TESTS_START"

PATIENCE_S = 120.0
"""How long what has to come may take on a machine that is busy with other things. What is promised within a time is
waited for so long and no longer."""


class Running(Protocol):
    """What asyncio knows of a process, as far as it is used here."""

    pid: int

    @property
    def returncode(self) -> int | None: ...

    async def wait(self) -> int: ...

    def send_signal(self, signal: int) -> None: ...

    def kill(self) -> None: ...


class Process:
    """A process of ours with its log."""

    def __init__(self, process: Running, log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def pid(self) -> int:
        return self.process.pid

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def peak_bytes(self) -> int:
        """The most memory that it has had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    async def end(self, number: signal.Signals = signal.SIGTERM, *, within_s: float = PATIENCE_S) -> int:
        """Signal it and return its exit status."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        try:
            return await asyncio.wait_for(self.process.wait(), within_s)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
            raise AssertionError(f"still running {within_s} s after {number.name}:\n{self.log.read_text()}") from None


def from_nothing() -> bool:
    """Whether each program is started so now, and none is a fork."""
    return os.environ.get(START_VARIABLE) == "exec"


async def start(
    argv: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path, output: Path | None = None
) -> Process:
    """Start Python with these arguments; what it says is added to the log, or its standard output to `output`."""
    log.touch()
    ours = "PYTHONPATH" not in environment  # else another release's
    if ours and argv[0] == "-m" and not from_nothing():
        become = (tuple(argv[1:]), dict(environment), folder, log, output or log)
        process = _imported().Process(target=_become, args=become, daemon=True)  # it does not outlive the tests
        await asyncio.to_thread(process.start)
        return Process(Forked(process), log)
    if argv[0] == "-m" and "COVERAGE_PROCESS_CONFIG" in environment:
        argv = (MEASURED, *argv[1:])
    with log.open("ab") as lines, (output or log).open("ab") as written:
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, *argv),
            env=environment,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=lines,
        )
    return Process(started, log)


@cache
def _imported() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *IMPORTED, "tests.support.warm"])
    return context


class Forked:
    """A fork, with the ways of asyncio's processes."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._process.sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        status = self.returncode
        assert status is not None
        return status

    def send_signal(self, signal: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _become(argv: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, output: Path) -> None:
    """Be the program, in this process."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, path in ((1, output), (2, log)):
        lines = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        os.dup2(lines, number)
        os.close(lines)
    warnings.simplefilter("default")  # as PYTHONWARNINGS says in what is started from nothing
    importlib.reload(fault_points)  # it looks at the environment when it is imported
    sys.argv = list(argv)
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


def children_of(pid: int) -> list[int]:
    """The child processes that a process has now."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def childless(pid: int) -> None:
    """Until it has none: whose answer has come may be ending still."""
    async with asyncio.timeout(5):
        while children_of(pid):
            await asyncio.sleep(0.001)


@contextmanager
def standing_still(pids: Sequence[int]) -> Iterator[None]:
    """SIGSTOP them for a while: on a busy machine they would be done before all that is to happen amid their work."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def stop_child_of(pid: int) -> None:
    """SIGSTOP the child that it has next."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := children_of(pid)):
            await asyncio.sleep(0)
    os.kill(found[0], signal.SIGSTOP)

"""What processes use up, as the kernel counts it: memory, processor time, bytes read. Source: proc(5)."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAUSE_S = 0.05
GONE = (ProcessLookupError, FileNotFoundError)


@dataclass(frozen=True, slots=True)
class Stat:
    """Processor times in seconds."""

    name: str
    parent: int
    own_s: float
    waited_s: float
    """Of the children that have ended and that it has waited for, with theirs."""

    @classmethod
    def of(cls, pid: int) -> Stat:
        text = Path(f"/proc/{pid}/stat").read_text()
        head, _, tail = text.rpartition(")")
        fields = tail.split()
        user, system, waited_user, waited_system = (int(field) / TICKS_A_SECOND for field in fields[11:15])
        return cls(head.partition("(")[2], int(fields[1]), user + system, waited_user + waited_system)


def tree(root: int) -> dict[int, Stat]:
    """A process and all that descend from it, now."""
    found: dict[int, Stat] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found[int(entry.name)] = Stat.of(int(entry.name))
            except GONE:
                continue
    wanted = {root}
    while more := {pid for pid, stat in found.items() if stat.parent in wanted} - wanted:
        wanted |= more
    return {pid: stat for pid, stat in found.items() if pid in wanted}


@dataclass(frozen=True, slots=True)
class TreeTime:
    """Processor time of a process tree so far, seconds."""

    ours_s: float
    """The root's own, and that of its living children with all that these have waited for."""
    waited_s: float
    """Of the children of the root that have ended: of a worker, its ffmpeg processes."""

    @classmethod
    def of(cls, root: int) -> TreeTime:
        found = tree(root)
        waited_s = found[root].waited_s
        return cls(sum(stat.own_s + stat.waited_s for stat in found.values()) - waited_s, waited_s)

    def __sub__(self, earlier: TreeTime) -> TreeTime:
        return TreeTime(self.ours_s - earlier.ours_s, self.waited_s - earlier.waited_s)


def own_s(pid: int) -> float:
    """Processor time of one process so far, to the nanosecond; its children's not. See clock_getcpuclockid(3)."""
    return time.clock_gettime(~pid << 3 | 2)


def _kilobytes(path: str, field: str) -> int:
    for line in Path(path).read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0  # a process that has ended and waits to be reaped has no memory


def peak_bytes(pid: int) -> int:
    """The most memory that the process held at one time since `forget_peak`."""
    return _kilobytes(f"/proc/{pid}/status", "VmHWM") * 1024


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def pss_bytes(pid: int) -> int:
    """Memory of a process; what it shares with others counts in part, so that a sum over processes is right."""
    return _kilobytes(f"/proc/{pid}/smaps_rollup", "Pss") * 1024


class TreeMemory:
    """Highest memory of process trees, sampled; ffmpeg and its kin count apart. Between samples a peak can hide."""

    def __init__(self) -> None:
        self.own: dict[int, int] = defaultdict(int)
        """By root: the most bytes that the tree held, without ffmpeg."""
        self.ffmpeg: dict[int, int] = defaultdict(int)

    def look(self, root: int) -> None:
        own = ffmpeg = 0
        for pid, stat in tree(root).items():
            try:
                size_bytes = pss_bytes(pid)
            except GONE:
                continue
            if stat.name.startswith("ffmpeg"):
                ffmpeg += size_bytes
            else:
                own += size_bytes
        self.own[root] = max(self.own[root], own)
        self.ffmpeg[root] = max(self.ffmpeg[root], ffmpeg)


@contextmanager
def watched(*roots: int) -> Iterator[TreeMemory]:
    """Sample the trees' memory, in a thread, for as long as the context lasts."""
    memory, ending = TreeMemory(), threading.Event()

    def sample() -> None:
        while not ending.wait(PAUSE_S):
            for root in roots:
                memory.look(root)

    for root in roots:
        memory.look(root)
    sampler = threading.Thread(target=sample, name="memory sampler")
    sampler.start()
    try:
        yield memory
    finally:
        ending.set()
        sampler.join()


@dataclass(frozen=True, slots=True)
class Used:
    """What one finished program took."""

    wall_s: float
    cpu_s: float
    read_bytes: int
    """All that it read, also from the page cache."""


async def run(argv: Sequence[str], *, cwd: Path) -> Used:
    """Run a program to its end. Raises CalledProcessError."""
    return await asyncio.to_thread(_run, argv, cwd)


def _run(argv: Sequence[str], cwd: Path) -> Used:
    log = cwd / "program.log"
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=output)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it has ended; its counters are still there
        wall_s = time.perf_counter() - began
        counters = Path(f"/proc/{process.pid}/io").read_text()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, list(argv), stderr=log.read_text())
    read_bytes = int(dict(line.split(": ") for line in counters.splitlines())["rchar"])
    return Used(wall_s, usage.ru_utime + usage.ru_stime, read_bytes)

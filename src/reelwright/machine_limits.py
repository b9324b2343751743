"""How much memory and how many cores there are for this process: the machine's, or what control groups leave of them.

Both versions of control groups are heeded, and every group above ours: the tightest limit counts. All of it blocks.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

UNLIMITED_BYTES = 1 << 60
"""Version 1 writes a number near 2 to the power of 63 where there is no limit."""


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """Where the kernel tells of them. `membership`: which groups this process is in."""

    root: Path = Path("/sys/fs/cgroup")
    membership: Path = Path("/proc/self/cgroup")

    def memory_bytes(self) -> int | None:
        """Return the most memory that we may use; None: no group says."""
        stated = [
            *self._stated("memory", "memory.max", version=2),
            *self._stated("memory", "memory.limit_in_bytes", version=1),
        ]
        return min((int(text) for text in stated if text.isdecimal() and int(text) < UNLIMITED_BYTES), default=None)

    def cores(self) -> float | None:
        """Return how many cores' time we may use; None: no group says."""
        found = []
        for text in self._stated("cpu", "cpu.max", version=2):
            quota, _, period = text.partition(" ")
            if quota.isdecimal():
                found.append(int(quota) / int(period))
        for folder in self._folders("cpu", version=1):
            quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
            if quota.isdecimal() and period.isdecimal():
                found.append(int(quota) / int(period))
        return min(found, default=None)

    def processes(self) -> int | None:
        """Return the most processes and threads that we may have; None: no group says."""
        stated = [*self._stated("pids", "pids.max", version=2), *self._stated("pids", "pids.max", version=1)]
        return min((int(text) for text in stated if text.isdecimal()), default=None)

    def _stated(self, controller: str, name: str, *, version: int) -> Iterator[str]:
        for folder in self._folders(controller, version=version):
            if text := _text(folder / name):
                yield text

    def _folders(self, controller: str, *, version: int) -> Iterator[Path]:
        """Yield our group's and those above it. Within a container the path may be that of the machine outside."""
        ours = self._path(controller if version == 1 else "")
        for mounted in (self.root / controller,) if version == 1 else (self.root, self.root / "unified"):
            if ours is not None and mounted.is_dir():
                folder = mounted / ours
                yield folder
                for parent in folder.parents:
                    if parent == mounted.parent:
                        break
                    yield parent

    def _path(self, controller: str) -> str | None:
        for line in _text(self.membership).splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                return path.strip("/")
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def physical_bytes() -> int:
    """Return the machine's memory; 0: not known."""
    lines = _text(Path("/proc/meminfo")).splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal")), 0)


def memory_bytes() -> int:
    """Return the most memory that may be used here; 0: not known."""
    return min((known for known in (physical_bytes(), ControlGroups().memory_bytes()) if known), default=0)


def cores() -> int:
    """Return how many cores may be used here: those that we may run on, or the part of their time that we get."""
    quota = ControlGroups().cores()
    ours = len(os.sched_getaffinity(0))
    return ours if quota is None else max(1, min(ours, math.ceil(quota)))

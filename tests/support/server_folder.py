"""Where the tests' PostgreSQL keeps its data: in memory, where a file system of memory has room.

Each test has a database of its own, which is some hundred files that are made and removed: on a disk that takes longer
than most tests. A run's folder goes with it; one that was killed leaves its folder to the next run.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED_BYTES = 3 << 30
"""A gigabyte of write-ahead log, the databases of tests that run at the same time, and room."""
VARIABLE = "REELWRIGHT_TESTS_SERVER_FOLDER"
PREFIX = "reelwright-tests-"

_held: dict[Path, int] = {}


def make() -> None:
    """Make the run's folder, and name it to the processes that it starts; where there is no such memory, none."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return
    with _one_run_at_a_time():  # else another one might take the folder that this one has just made for left behind
        for left in MEMORY.glob(f"{PREFIX}*"):
            _remove_left(left)
        if shutil.disk_usage(MEMORY).free < NEEDED_BYTES:
            return
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=MEMORY))
        folder.chmod(0o711)  # as root PostgreSQL runs as another account
        _held[folder] = _locked(folder)
    os.environ[VARIABLE] = str(folder)


def remove() -> None:
    """Remove what `make` made in this process."""
    for folder, lock in _held.items():
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        os.environ.pop(VARIABLE, None)
    _held.clear()


def named() -> Path | None:
    """The run's folder."""
    return Path(name) if (name := os.environ.get(VARIABLE)) else None


@contextmanager
def _one_run_at_a_time() -> Iterator[None]:
    lock = _locked(MEMORY, wait=True)
    try:
        yield
    finally:
        os.close(lock)


def _remove_left(folder: Path) -> None:
    try:
        lock = _locked(folder)
    except OSError:  # it is a run's that goes on, or another account's
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)


def _locked(folder: Path, *, wait: bool = False) -> int:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(number)
        raise
    return number

"""How much of a disk may be used, and whether files can be stored on it at all, as tried. All of it blocks."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelwright.errors import JobFailed
from reelwright.machine_faults import hindered

TRIAL_BYTES = 4096


def free_bytes(folder: Path) -> int:
    """Return what the folder's disk has free. Raises OSError."""
    return shutil.disk_usage(folder).free


def usable_bytes(folder: Path, reserve_bytes: int) -> int:
    """Return how much may still be used: what is free, less the reserve that must stay. Raises OSError."""
    return free_bytes(folder) - reserve_bytes


def capacity_bytes(folder: Path, reserve_bytes: int) -> int | None:
    """Return how much could be used if the disk were empty; None where the file system has no size. Raises OSError."""
    total_bytes = shutil.disk_usage(folder).total
    return total_bytes - reserve_bytes if total_bytes else None


def trouble(folder: Path, reserve_bytes: int, name: str) -> JobFailed | None:
    """What keeps files from being stored in a folder, as tried with one; None when nothing does. `name`: its setting.

    A disk that took the file and then fails to keep it shows in the fsync.
    """
    try:
        with _trial(folder) as descriptor:
            os.write(descriptor, bytes(TRIAL_BYTES))
            os.fsync(descriptor)
        if (left_bytes := free_bytes(folder)) <= reserve_bytes:
            return JobFailed(
                f"the disk of {name} has {left_bytes} bytes left, more than {reserve_bytes} must be free: free some, or"
                " lower DISK_RESERVE_BYTES",
                code="no_space",
                of_machine=True,
            )
    except OSError as error:
        return hindered(error, at=name) or JobFailed(
            f"{name} cannot be used ({error.strerror})", code="storage", of_machine=True
        )
    return None


@contextmanager
def _trial(folder: Path) -> Iterator[int]:
    """Open a new file that has no name, or one for a moment where the file system knows no such."""
    named = None
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            raise
        named = folder / f".{uuid.uuid4().hex}.trial"
        descriptor = os.open(named, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
        if named is not None:
            named.unlink()

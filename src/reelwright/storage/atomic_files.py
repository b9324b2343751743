"""Files that appear under their names whole and durable, or not at all. All of it blocks."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomically(target: Path) -> Iterator[Path]:
    """Give a name beside the target to write a file under: it becomes the target's when all of it is on the disk, and
    goes on any error. The name itself is durable once the folder is synced.

    Raises FileExistsError where the target is there: nobody's file is ever overwritten.
    """
    incoming = target.with_name(f".{target.name}.{uuid.uuid4().hex}.incoming")  # others may bring the same
    try:
        yield incoming
        sync(incoming)
        try:
            target.hardlink_to(incoming)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: keys are unique to an attempt, nobody races for one
            if target.exists():
                raise FileExistsError(target) from None
            incoming.rename(target)
    finally:
        incoming.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Have the disk keep a file's content, or a folder's names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

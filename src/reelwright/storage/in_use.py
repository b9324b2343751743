"""Whether somebody uses a file or a folder: for those who clear away.

Who uses something holds the kernel's lock on it (flock): it ends with its process, however that ends, and needs no
clock. File systems without such locks leave it to the age of things.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from contextlib import suppress
from pathlib import Path


def hold(path: Path) -> int:
    """Return the descriptor that holds a file or a folder until it is closed. Several may hold the same."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits for a look of `held`, which is short
    return descriptor


def held(path: Path) -> bool:
    """Return whether any process holds it. Raises FileNotFoundError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def make_held(folder: Path) -> int:
    """Make a folder that is held from when it has its name. Returns the descriptor that holds it."""
    new = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}")
    new.mkdir(mode=0o750, parents=True)
    descriptor = hold(new)
    try:
        new.rename(folder)
    except BaseException:
        os.close(descriptor)
        new.rmdir()
        raise
    return descriptor

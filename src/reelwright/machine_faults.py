"""Which refusals of the operating system are the machine's fault, and not the work's: a disk that is full, storage that
cannot be used, nothing left to work with."""

from __future__ import annotations

import errno
import os

from reelwright.errors import JobFailed

_FULL = {errno.ENOSPC, errno.EDQUOT}
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}
_STORAGE = {
    *(errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.ENOTCONN),
    *(errno.EREMOTEIO, errno.EHOSTDOWN, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ETXTBSY, errno.EUCLEAN),
}


def hindrance(error: OSError | MemoryError) -> str | None:
    """Return the code, one of HINDRANCES, of what the operating system refused; None where that says nothing of the
    machine."""
    if isinstance(error, MemoryError) or error.errno in _EXHAUSTED:
        return "exhausted"
    if error.errno in _FULL:
        return "no_space"
    return "storage" if error.errno in _STORAGE else None


def hindered(error: OSError | MemoryError, *, at: str, stage: str = "render") -> JobFailed | None:
    """The same as what an attempt fails with. `at`: what was worked on, in words."""
    code = hindrance(error)
    if code is None:
        return None
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no memory"
    detail = {
        "no_space": f"the disk of {at} is full ({reason})",
        "storage": f"{at} cannot be used ({reason})",
        "exhausted": f"the machine has nothing left to work with ({reason})",
    }[code]
    return JobFailed(detail, code=code, stage=stage, of_machine=True)

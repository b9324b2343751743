"""A file that comes in over several attempts, perhaps of several processes: what is there of it, and its hash.

Its size on the disk says how far it is. Who writes holds the kernel's lock on it; where an attempt that nobody waits
for any more still does, the next one begins a file of its own. All methods block.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import suppress
from typing import Self

from reelwright.errors import TooLarge, UnreadableMedia
from reelwright.storage import in_use
from reelwright.storage.appending import appended
from reelwright.storage.local import LocalStorage
from reelwright.storage.space_watch import SpaceWatch

READ_BYTES = 1 << 20


class PartialFile:
    """`folder` is its alone, and held as long as this is open: no sweep takes it away."""

    def __init__(self, storage: LocalStorage, place: str, *, max_bytes: int) -> None:
        """`place`: the folder as keys begin."""
        self.path = storage.root / place / ".incoming"
        self.size_bytes = 0
        self._space = SpaceWatch(storage)
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._hold = self._descriptor = -1

    def open(self) -> Self:
        """Go on with what is there, or begin."""
        self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._hold = in_use.hold(self.path.parent)
        self._descriptor = self._locked()
        while chunk := os.pread(self._descriptor, READ_BYTES, self.size_bytes):
            self._hash.update(chunk)
            self.size_bytes += len(chunk)
        os.lseek(self._descriptor, self.size_bytes, os.SEEK_SET)
        return self

    def _locked(self) -> int:
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(descriptor).st_nlink:
                    return descriptor
            except BlockingIOError:
                self.path.unlink(missing_ok=True)  # it is another's, who keeps writing to where nobody looks
            except OSError:  # a file system without locks: who knows who else writes
                os.close(descriptor)
                self.path.unlink(missing_ok=True)
                return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            os.close(descriptor)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def begin_anew(self) -> None:
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self.size_bytes, self._hash = 0, hashlib.sha256()

    def write(self, batch: list[bytes]) -> None:
        """Raises TooLarge, NoSpace, OSError."""
        batch_bytes = sum(map(len, batch))
        if self.size_bytes + batch_bytes > self._max_bytes:
            raise too_large(self._max_bytes)
        for view in appended(self._descriptor, batch):
            self._hash.update(view)
            self.size_bytes += len(view)
        self._space.wrote(batch_bytes)

    def require_some(self) -> None:
        if self.size_bytes == 0:
            raise UnreadableMedia("the file is empty")

    def close(self) -> None:
        """What is there stays, for the next attempt."""
        for descriptor in (self._descriptor, self._hold):
            if descriptor >= 0:
                os.close(descriptor)
        self._hold = self._descriptor = -1

    def discard(self) -> None:
        """Remove it: nobody goes on with it."""
        with suppress(FileNotFoundError):
            if self._descriptor < 0 or os.fstat(self._descriptor).st_ino == self.path.stat().st_ino:
                self.path.unlink()
        with suppress(OSError):  # another attempt's is in there
            self.path.parent.rmdir()
        self.close()


def too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"The file is larger than {max_bytes} bytes.")

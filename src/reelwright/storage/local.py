"""Stored media on a local disk: durable, create-only publishing under keys.

A key is a relative POSIX path made by us (`uploads/{video_id}/source.mp4`); nothing of a client's is ever part of one.
All methods block: callers in an event loop go through a thread.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright import fault_points
from reelwright.errors import JobFailed, NoSpace, NotFound, hindered
from reelwright.storage import in_use

_KEY = re.compile(r"(?:uploads|processed|variants|pictures|assets)(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+", re.ASCII)

IDENTITY = ".reelwright"
"""The file in the root that holds its id."""

TRIAL_BYTES = 4096
FILE_MODE = 0o640
"""Of stored files: a server in front that reads them is this user, or in its group."""

FOLDERS = ("uploads", "processed", "variants", "pictures", "assets")


@dataclass(frozen=True, slots=True)
class StoredFile:
    key: str
    size_bytes: int
    changed_at: float
    """When its content or one of its names last changed, seconds since the epoch: publishing counts."""


class LocalStorage:
    """One folder tree. Folders of different keys share nothing, so that a hostile file sees no sibling."""

    def __init__(self, root: Path, *, reserve_bytes: int) -> None:
        self.root = root
        self.reserve_bytes = reserve_bytes

    def prepare(self) -> None:
        for folder in FOLDERS:
            (self.root / folder).mkdir(mode=0o750, parents=True, exist_ok=True)

    def identity(self) -> uuid.UUID | None:
        """The id that was given to this root, None before."""
        try:
            return uuid.UUID((self.root / IDENTITY).read_text().strip())
        except FileNotFoundError:
            return None
        except ValueError:
            return uuid.UUID(int=0)  # unreadable: nobody's

    def identify(self, identity: uuid.UUID) -> bool:
        """Give this root its id; returns whether it was the first."""
        try:
            with (self.root / IDENTITY).open("x") as file:
                file.write(f"{identity}\n")
        except FileExistsError:
            return False
        return True

    @staticmethod
    def is_key(text: str) -> bool:
        """Whether it has the form of a key of ours."""
        return _KEY.fullmatch(text) is not None

    def path(self, key: str) -> Path:
        """The local path of a key. Raises NotFound for anything that is not a key of ours."""
        if not self.is_key(key):
            raise NotFound("no such file")
        return self.root / key

    def publish(self, local: Path, key: str) -> None:
        """Make a finished local file appear under a new key, durably: fsync, link into place, fsync the folder.

        Raises FileExistsError when the key is taken: nobody's file is ever overwritten; NoSpace. After an error
        nothing of it stays.
        """
        target = self.path(key)
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        incoming = target.with_name(f".{target.name}.{uuid.uuid4().hex}.incoming")  # others may bring the same picture
        try:
            self._bring(local, incoming)
            incoming.chmod(FILE_MODE)
            _sync(incoming)
            fault_points.point("rendered, not renamed")
            try:
                target.hardlink_to(incoming)
            except FileExistsError:
                raise
            except OSError:  # a file system without links: keys are unique to an attempt, nobody races for one
                if target.exists():
                    raise FileExistsError(key) from None
                incoming.rename(target)
        finally:
            incoming.unlink(missing_ok=True)
        try:
            _sync(target.parent)
            _sync(target.parent.parent)
        except OSError:
            target.unlink()
            raise

    def _bring(self, local: Path, incoming: Path) -> None:
        try:
            incoming.hardlink_to(local)
        except OSError:  # another file system, or one without links
            self.require_space(local.stat().st_size)
            try:
                shutil.copyfile(local, incoming)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.EDQUOT):
                    raise NoSpace("the storage disk is full") from error
                raise

    def delete(self, key: str) -> None:
        """Remove a file and its folder once that is empty. A file that is gone already is fine."""
        self._remove(self.path(key))

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        folder = path.parent
        while folder.parent != self.root:
            try:
                folder.rmdir()
            except OSError:  # not empty, or already gone
                return
            folder = folder.parent

    def files(self) -> Iterator[StoredFile]:
        """Everything that lies under the root's folders, whether a row knows of it or not."""
        for folder in FOLDERS:
            for parent, _, names in os.walk(self.root / folder):
                for name in names:
                    path = Path(parent, name)
                    try:
                        stat = path.stat()
                    except FileNotFoundError:
                        continue
                    yield StoredFile(path.relative_to(self.root).as_posix(), stat.st_size, stat.st_ctime)

    def now(self) -> float:
        """The time by the clock that stamps the files here: another machine's may go otherwise."""
        return in_use.clock(self.root)

    def held(self, stored: StoredFile) -> bool:
        """Whether somebody is at work in the file's folder, as an upload is until its row is committed."""
        try:
            return in_use.held((self.root / stored.key).parent)
        except FileNotFoundError:
            return False

    def trouble(self) -> JobFailed | None:
        """What keeps files from being stored here now, as tried with one; None when nothing does."""
        return trouble(self.root, self.reserve_bytes, "MEDIA_ROOT")

    def discard(self, stray: StoredFile) -> None:
        """Remove a file that `files` found and no row knows of, unless it changed since, or its folder is held: someone
        uses it again."""
        path = self.root / stray.key
        with suppress(FileNotFoundError):
            if path.stat().st_ctime == stray.changed_at and not in_use.held(path.parent):
                self._remove(path)

    def free_bytes(self) -> int:
        """Space that may still be used: what the disk has free, less the reserve."""
        return shutil.disk_usage(self.root).free - self.reserve_bytes

    def require_space(self, size_bytes: int) -> None:
        """Raises NoSpace when so many bytes would eat into the reserve."""
        free_bytes = self.free_bytes()
        if size_bytes > free_bytes:
            more = f" after {size_bytes} more are stored" if size_bytes else ""
            raise NoSpace(
                f"the storage disk has {free_bytes + self.reserve_bytes} bytes free, "
                f"{self.reserve_bytes} must stay free{more}"
            )


def trouble(folder: Path, reserve_bytes: int, name: str) -> JobFailed | None:
    """What keeps files from being stored in a folder, as tried with one; None when nothing does. `name`: its setting.

    A disk that took the file and then fails to keep it shows in the fsync.
    """
    try:
        with _trial(folder) as descriptor:
            os.write(descriptor, bytes(TRIAL_BYTES))
            os.fsync(descriptor)
        free_bytes = shutil.disk_usage(folder).free
        if free_bytes <= reserve_bytes:
            return JobFailed(
                f"the disk of {name} has {free_bytes} bytes left, more than {reserve_bytes} must be free: free some, or"
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
    """The descriptor of a new file that has no name, or for a moment where the file system knows no such."""
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reelwright import fault_points
from reelwright.errors import JobFailed, NoSpace, NotFound
from reelwright.storage import disk_space, file_clock, in_use
from reelwright.storage.atomic_files import atomically, sync

_KEY = re.compile(r"(?:uploads|processed|variants|pictures|assets)(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+", re.ASCII)

IDENTITY = ".reelwright"
"""The file in the root that holds its id."""

FILE_MODE = 0o640
"""Of stored files: a server in front that reads them is this user, or in its group."""

FOLDERS = ("uploads", "processed", "variants", "pictures", "assets")

INCOMING = "incoming"
"""Folder of unfinished uploads, which have no keys."""


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
        for folder in (*FOLDERS, INCOMING):
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
            with atomically(self.root / IDENTITY) as incoming:  # nobody finds half of it
                incoming.write_text(f"{identity}\n")
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
        with atomically(target) as incoming:
            self._bring(local, incoming)
            incoming.chmod(FILE_MODE)
            fault_points.point("rendered, not renamed")
        try:
            sync(target.parent)
            sync(target.parent.parent)
        except OSError:
            target.unlink()
            raise

    def share(self, key: str, with_key: str) -> None:
        """Let a stored file be another name of the bytes of an equal one, durably; at every moment one of both is
        there. Raises OSError where the file system cannot do it: nothing has changed then."""
        target = self.path(key)
        other = target.with_name(f".{uuid.uuid4().hex}.shared")
        try:
            other.hardlink_to(self.path(with_key))
            other.replace(target)
        finally:
            other.unlink(missing_ok=True)
        sync(target.parent)

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
        return file_clock.clock(self.root)

    def held(self, stored: StoredFile) -> bool:
        """Whether somebody is at work in the file's folder, as an upload is until its row is committed."""
        try:
            return in_use.held((self.root / stored.key).parent)
        except FileNotFoundError:
            return False

    def trouble(self) -> JobFailed | None:
        """What keeps files from being stored here now, as tried with one; None when nothing does."""
        return disk_space.trouble(self.root, self.reserve_bytes, "MEDIA_ROOT")

    def discard(self, stray: StoredFile) -> None:
        """Remove a file that `files` found and no row knows of, unless it changed since, or its folder is held: someone
        uses it again."""
        path = self.root / stray.key
        with suppress(FileNotFoundError):
            if path.stat().st_ctime == stray.changed_at and not in_use.held(path.parent):
                self._remove(path)

    def free_bytes(self) -> int:
        """Space that may still be used: what the disk has free, less the reserve."""
        return disk_space.usable_bytes(self.root, self.reserve_bytes)

    def require_space(self, size_bytes: int) -> None:
        """Raises NoSpace when so many bytes would eat into the reserve."""
        usable_bytes = self.free_bytes()
        if size_bytes > usable_bytes:
            more = f" after {size_bytes} more are stored" if size_bytes else ""
            raise NoSpace(
                f"the storage disk has {usable_bytes + self.reserve_bytes} bytes free, "
                f"{self.reserve_bytes} must stay free{more}"
            )

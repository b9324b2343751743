"""Files copied into a backup and out of it, each compared with its SHA-256 as it is copied."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from reelwright.backup.layout import Entry
from reelwright.storage.atomic_files import atomically

CHUNK_BYTES = 1 << 20


class Damaged(Exception):
    """A file that is not what its entry says."""


class Copied:
    """Files that were copied whole: bytes that lie under several names are copied once, and lie so there, too."""

    def __init__(self) -> None:
        self._targets: dict[tuple[int, int], tuple[Path, str]] = {}
        """By device and inode, of those that have several names; with the SHA-256 that was found."""

    def bring(self, source: Path, target: Path, entry: Entry) -> int:
        """As `copied`."""
        stat = source.stat()
        same, sha256 = self._targets.get((stat.st_dev, stat.st_ino), (None, ""))
        if same is not None and sha256 == entry.sha256:
            with suppress(OSError):  # as many names as a file can have
                target.hardlink_to(same)
                return stat.st_size
        size_bytes = copied(source, target, entry)
        if stat.st_nlink > 1:
            self._targets[stat.st_dev, stat.st_ino] = target, entry.sha256
        return size_bytes


def copied(source: Path, target: Path, entry: Entry) -> int:
    """Copy a file with constant memory; returns its size. Raises OSError; Damaged, and then no `target` is there."""
    digest, size_bytes = hashlib.sha256(), 0
    with source.open("rb") as read, atomically(target) as incoming:
        with incoming.open("xb") as written:
            while chunk := read.read(CHUNK_BYTES):
                digest.update(chunk)
                size_bytes += len(chunk)
                written.write(chunk)
        if digest.hexdigest() != entry.sha256 or entry.size_bytes not in (None, size_bytes):
            raise Damaged(entry.key)
    return size_bytes

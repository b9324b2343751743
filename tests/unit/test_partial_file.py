"""A file that comes in over several attempts."""

from __future__ import annotations

import errno
import fcntl
import hashlib
from pathlib import Path

import pytest

from reelwright.errors import TooLarge
from reelwright.library.partial_file import PartialFile
from reelwright.storage.local import LocalStorage


def opened(root: Path) -> PartialFile:
    return PartialFile(LocalStorage(root, reserve_bytes=0), "uploads/0", max_bytes=6).open()


def test_the_next_attempt_goes_on_where_the_last_one_ended(tmp_path: Path) -> None:
    """With the hash of all, up to as many bytes as are taken; what nobody goes on with goes, and its folder."""
    first = opened(tmp_path)
    first.write([b"ab", b"c"])
    first.close()
    second = opened(tmp_path)
    assert second.size_bytes == 3
    second.write([b"def"])
    assert second.sha256 == hashlib.sha256(b"abcdef").hexdigest()
    with pytest.raises(TooLarge):
        second.write([b"g"])
    assert second.path.read_bytes() == b"abcdef"
    second.discard()
    assert not second.path.parent.exists()


def test_an_attempt_that_writes_still_does_not_disturb_the_next_one(tmp_path: Path) -> None:
    """Each has a file of its own, and removes no other's."""
    late, next_one = opened(tmp_path), opened(tmp_path)
    assert next_one.size_bytes == 0
    next_one.write([b"new"])
    late.write([b"old"])
    late.discard()
    assert next_one.path.read_bytes() == b"new"
    next_one.close()
    assert opened(tmp_path).sha256 == hashlib.sha256(b"new").hexdigest()


def test_where_no_locks_are_each_attempt_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows there whether the one before writes still."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    late = opened(tmp_path)
    late.write([b"old"])
    next_one = opened(tmp_path)
    late.write([b"er"])
    assert next_one.size_bytes == 0
    assert next_one.path.read_bytes() == b""

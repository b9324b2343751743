"""The storage's folder tree: what is a key, and what is there after a disk has failed."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reelwright.errors import NoSpace, NotFound
from reelwright.storage import in_use
from reelwright.storage.local import IDENTITY, LocalStorage

KEY = "uploads/0/source.mp4"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    storage = LocalStorage(tmp_path / "media", reserve_bytes=0)
    storage.prepare()
    return storage


def failing(number: int) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    "text", ["", "uploads", "/etc/passwd", "uploads/../x", "uploads/..", "uploads//x", "uploads/.x", "x/y", f"{KEY}\n"]
)
def test_what_is_no_key_leads_nowhere(storage: LocalStorage, text: str) -> None:
    """No path out of the root, to a hidden file or a folder is made of it."""
    with pytest.raises(NotFound):
        storage.path(text)


@pytest.mark.parametrize("content", [b"", b"no id", b"\xff"])
def test_a_root_whose_id_cannot_be_read_is_nobodys(storage: LocalStorage, content: bytes) -> None:
    """It is not taken for a new one, which would be given an id."""
    assert storage.identity() is None
    (storage.root / IDENTITY).write_bytes(content)
    assert storage.identity() == uuid.UUID(int=0)
    assert not storage.identify(uuid.uuid4())


@pytest.mark.parametrize(
    ("number", "raised"), [(None, None), (errno.ENOSPC, NoSpace), (errno.EDQUOT, NoSpace), (errno.EIO, OSError)]
)
def test_a_file_of_another_disk_is_copied_whole_or_not_at_all(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int | None, raised: type | None
) -> None:
    """Where there are no links. A full disk is told as such."""
    made = tmp_path / "made.mp4"
    made.write_bytes(b"frames")
    monkeypatch.setattr(os, "link", failing(errno.EXDEV))
    if number is None:
        storage.publish(made, KEY)
        assert storage.path(KEY).read_bytes() == b"frames"
        with pytest.raises(FileExistsError):
            storage.publish(made, KEY)
        return
    monkeypatch.setattr("shutil.copyfile", failing(number))
    with pytest.raises(raised or OSError):
        storage.publish(made, KEY)
    assert list(storage.files()) == []


def test_a_file_whose_name_the_disk_does_not_keep_is_not_published(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made.mp4"
    made.write_bytes(b"frames")
    sync = os.fsync

    def no_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "no names")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", no_folders)
    with pytest.raises(OSError, match="no names"):
        storage.publish(made, KEY)
    assert list(storage.files()) == []


@pytest.mark.parametrize(("number", "troubled"), [(errno.EOPNOTSUPP, False), (errno.EROFS, True)])
def test_a_disk_that_knows_no_nameless_files_is_tried_with_a_named_one(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, number: int, troubled: bool
) -> None:
    """Which goes again; one that takes no files at all is trouble."""
    opened = os.open

    def without_nameless(path: Path, flags: int, *more: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(number, os.strerror(number))
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", without_nameless)
    before = set(storage.root.iterdir())
    assert (storage.trouble() is not None) is troubled
    assert set(storage.root.iterdir()) == before


def test_where_no_locks_are_nothing_is_held(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left to the age of things."""
    folder = storage.root / "work"
    holding = in_use.make_held(folder)
    assert in_use.held(folder)
    monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    assert not in_use.held(folder)
    os.close(holding)

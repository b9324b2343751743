"""Pieces of an upload, put together."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from pathlib import Path

import pytest

from reelwright.errors import NotFound
from reelwright.storage import upload_pieces
from reelwright.storage.local import LocalStorage
from reelwright.storage.upload_pieces import UploadPiece

UPLOAD = uuid.uuid4()


def written(
    storage: LocalStorage, number: int, content: bytes, *, counts: int | None = None, torn: bool = True
) -> UploadPiece:
    piece = UploadPiece(uuid.uuid4(), number, len(content) if counts is None else counts, torn=torn)
    target = upload_pieces.path(storage, piece)
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    return piece


@pytest.mark.parametrize("kernel_copies", [True, False])
def test_they_are_one_file_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel_copies: bool) -> None:
    """Of each so many bytes as count, whatever a late writer has added; on any file system."""
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    first, second = os.urandom(3_000_001), os.urandom(2_000_003)
    pieces = [written(storage, 1, first + b"late", counts=len(first)), written(storage, 2, second)]

    def cannot(*_: object) -> int:
        raise OSError(errno.EXDEV, "not on this file system")

    if not kernel_copies:
        monkeypatch.setattr(os, "copy_file_range", cannot)
    whole = upload_pieces.whole(storage, UPLOAD, pieces, writer=7, sha256=None)
    assert whole.path.read_bytes() == first + second
    assert (whole.size_bytes, whole.sha256) == (5_000_004, hashlib.sha256(first + second).hexdigest())


def test_the_first_of_several_parts_is_not_copied(tmp_path: Path) -> None:
    """The whole grows from it; of the part itself its own bytes count."""
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    parts = [written(storage, 1, b"first ", torn=False), written(storage, 1, b"second", torn=False)]
    whole = upload_pieces.whole(storage, UPLOAD, parts, writer=1, sha256=None)
    assert whole.path.read_bytes() == b"first second"
    assert whole.sha256 == hashlib.sha256(b"first second").hexdigest()
    assert whole.path.samefile(upload_pieces.path(storage, parts[0]))


def test_a_piece_to_which_somebody_may_be_adding_still_is_copied(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    pieces = [written(storage, 1, b"first ", torn=True), written(storage, 2, b"second", torn=False)]
    whole = upload_pieces.whole(storage, UPLOAD, pieces, writer=1, sha256=None)
    upload_pieces.path(storage, pieces[0]).open("ab").write(b"late")
    assert whole.path.read_bytes() == b"first second"


def test_several_wholes_of_the_same_first_part_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Two requests that join it at once, and whoever takes up what a process that died has begun."""
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    first, second, third = (written(storage, 1, content, torn=False) for content in (b"first ", b"second", b"3rd"))
    one = upload_pieces.whole(storage, UPLOAD, [first, second], writer=1, sha256=None)
    other = upload_pieces.whole(storage, uuid.uuid4(), [first, third], writer=1, sha256=None)
    again = upload_pieces.whole(storage, UPLOAD, [first, second], writer=2, sha256=None)
    contents = [whole.path.read_bytes() for whole in (one, other, again)]
    assert contents == [b"first second", b"first 3rd", b"first second"]
    assert [hashlib.sha256(content).hexdigest() for content in contents] == [one.sha256, other.sha256, again.sha256]


@pytest.mark.parametrize("torn", [True, False])
@pytest.mark.parametrize("short", [0, 1])
def test_bytes_that_are_gone_are_missed(tmp_path: Path, torn: bool, short: int) -> None:
    """As after a power cut: nothing is made up, and another attempt finds the pieces as they were."""
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    contents = [b"0123456789", b"0123456789"]
    contents[short] = b"01234"
    pieces = [written(storage, 1, content, counts=10, torn=torn) for content in contents]
    with pytest.raises(NotFound, match="upload it anew"):
        upload_pieces.whole(storage, UPLOAD, pieces, writer=1, sha256=None)
    assert list(upload_pieces.folder(storage, UPLOAD).iterdir()) == []
    pieces[short] = written(storage, 2, b"9876543210", torn=torn)
    whole = upload_pieces.whole(storage, UPLOAD, pieces, writer=2, sha256=None)
    assert whole.path.read_bytes() == b"".join(upload_pieces.path(storage, piece).read_bytes()[:10] for piece in pieces)

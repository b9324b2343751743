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


def written(storage: LocalStorage, number: int, content: bytes, *, counts: int | None = None) -> UploadPiece:
    piece = UploadPiece(uuid.uuid4(), number, len(content) if counts is None else counts, torn=True)
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


def test_bytes_that_are_gone_are_missed(tmp_path: Path) -> None:
    """As after a power cut: nothing is made up."""
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    pieces = [written(storage, 1, b"0123456789"), written(storage, 2, b"01234", counts=10)]
    with pytest.raises(NotFound, match="upload it anew"):
        upload_pieces.whole(storage, UPLOAD, pieces, writer=1, sha256=None)

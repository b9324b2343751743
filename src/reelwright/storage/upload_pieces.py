"""The bytes of an upload that comes in several requests: pieces, each written by one who was never interrupted.

    incoming/<upload>/<number>      a piece; number: of the writer who began it
    incoming/<upload>/whole-<n>     what several pieces were put together to

Files may be shared by machines, and a writer that was given up may still be alive, or wake up, with its file open. So
who takes over from one that did not end in peace begins a new piece, and of the old one only so many bytes count as
were there then: whatever the old writer does yet, nobody reads it. All of it blocks.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec

from reelwright.errors import NotFound
from reelwright.storage.appending import appended
from reelwright.storage.local import FILE_MODE, INCOMING, LocalStorage
from reelwright.storage.space_watch import SpaceWatch

READ_BYTES = 1 << 20
_CANNOT = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)
"""File systems without `copy_file_range`."""


class UploadPiece(msgspec.Struct, frozen=True, array_like=True):
    """A piece, as rows keep it. `torn`: its writer was given up, or its bytes were not all right: nothing is added."""

    upload_id: uuid.UUID
    number: int
    size_bytes: int
    torn: bool = False


def first(upload_id: uuid.UUID) -> UploadPiece:
    """Return the piece that whoever writes first will write."""
    return UploadPiece(upload_id, 1, 0)


def read(stored: Sequence[Any]) -> list[UploadPiece]:
    return msgspec.convert(stored, list[UploadPiece], strict=False)


def total_bytes(pieces: Iterable[UploadPiece]) -> int:
    return sum(piece.size_bytes for piece in pieces)


def folder(storage: LocalStorage, upload_id: uuid.UUID) -> Path:
    return storage.root / INCOMING / str(upload_id)


def folders(storage: LocalStorage) -> Iterator[tuple[uuid.UUID, Path]]:
    """Yield every upload's folder."""
    with suppress(FileNotFoundError):
        for path in (storage.root / INCOMING).iterdir():
            with suppress(ValueError):
                yield uuid.UUID(path.name), path


def path(storage: LocalStorage, piece: UploadPiece) -> Path:
    return folder(storage, piece.upload_id) / str(piece.number)


def size_bytes(storage: LocalStorage, piece: UploadPiece) -> int:
    """Return how much of a piece has been written by now; its writer may be at work."""
    try:
        return path(storage, piece).stat().st_size
    except FileNotFoundError:  # its writer has not begun
        return 0


def keep(storage: LocalStorage, piece: UploadPiece) -> None:
    """Have the disk keep what is there of a piece that somebody else wrote."""
    with suppress(FileNotFoundError), path(storage, piece).open("rb") as file:
        os.fsync(file.fileno())


def remove(storage: LocalStorage, upload_ids: Iterable[uuid.UUID]) -> None:
    for upload_id in upload_ids:
        shutil.rmtree(folder(storage, upload_id), ignore_errors=True)


class PieceWriter:
    """Adds to a piece, hashing what it adds with each of `digests`."""

    def __init__(self, storage: LocalStorage, piece: UploadPiece, digests: Sequence[hashlib._Hash]) -> None:
        target = path(storage, piece)
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
        self._space = SpaceWatch(storage)
        self._digests = digests
        self.added_bytes = 0

    def write(self, batch: Sequence[bytes]) -> None:
        """Raises NoSpace, OSError; `added_bytes` is right then too."""
        for view in appended(self._descriptor, batch):
            for digest in self._digests:
                digest.update(view)
            self.added_bytes += len(view)
        self._space.wrote(sum(map(len, batch)))

    def close(self, *, keep: bool) -> None:
        """`keep`: what was written survives a power cut from now on."""
        try:
            if keep:
                os.fsync(self._descriptor)
        finally:
            os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class WholeUpload:
    """All bytes of an upload as one file."""

    path: Path
    size_bytes: int
    sha256: str


def whole(
    storage: LocalStorage, upload_id: uuid.UUID, pieces: Sequence[UploadPiece], writer: int, sha256: str | None
) -> WholeUpload:
    """Return the pieces as one file. `sha256`: of all bytes, where it is known. Raises NotFound, NoSpace, OSError."""
    if len(pieces) == 1 and not pieces[0].torn and pieces[0].upload_id == upload_id:
        return _as_it_is(path(storage, pieces[0]), pieces[0].size_bytes, sha256)
    wanted_bytes = total_bytes(pieces)
    storage.require_space(wanted_bytes)
    target = folder(storage, upload_id) / f"whole-{writer}"
    target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # it may be another name of a piece: nothing is written over it
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="hash of an upload") as beside:
            hashing = beside.submit(_hashed, storage, pieces)
            grows = not pieces[0].torn and _grows_from(path(storage, pieces[0]), target, pieces[0].size_bytes)
            with target.open("r+b" if grows else "wb", buffering=0) as file:
                file.seek(0, os.SEEK_END)
                for piece in pieces[1:] if grows else pieces:
                    with path(storage, piece).open("rb", buffering=0) as source:
                        _copy(source, file, piece.size_bytes)
            return WholeUpload(target, wanted_bytes, hashing.result())
    except BaseException:
        target.unlink(missing_ok=True)  # what grows from a piece keeps others from doing so
        raise


def _grows_from(first: Path, target: Path, size_bytes: int) -> bool:
    """Let the whole be another name of its first piece, which need not be copied then: of a piece only its own bytes
    count, whatever comes behind them. Return whether it is, with these bytes: only one whole at a time grows from a
    piece, and none does on file systems without links."""
    try:
        target.hardlink_to(first)
    except OSError:
        return False
    there = target.stat()
    if there.st_nlink != 2 or there.st_size < size_bytes:  # of several at once, whoever links last sees the others
        target.unlink()
        return False
    os.truncate(target, size_bytes)
    return True


def _hashed(storage: LocalStorage, pieces: Sequence[UploadPiece]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        with path(storage, piece).open("rb", buffering=0) as source:
            _hash(source, digest, piece.size_bytes)
    return digest.hexdigest()


def _as_it_is(found: Path, wanted_bytes: int, sha256: str | None) -> WholeUpload:
    if found.stat().st_size != wanted_bytes:
        raise _lost()
    if sha256 is None:
        with found.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return WholeUpload(found, wanted_bytes, sha256)


def _copy(source: FileIO, target: FileIO, wanted_bytes: int) -> None:
    """Have the kernel copy: file systems that can share what is equal do, and others take a third of the time."""
    left = wanted_bytes
    while left:
        try:
            count = os.copy_file_range(source.fileno(), target.fileno(), left)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise
            count = _write(target, source.read(min(left, READ_BYTES)))
        if not count:
            raise _lost()
        left -= count


def _write(target: FileIO, chunk: bytes) -> int:
    view = memoryview(chunk)
    while view:
        view = view[target.write(view) :]
    return len(chunk)


def _hash(source: FileIO, digest: hashlib._Hash, wanted_bytes: int) -> None:
    view = memoryview(bytearray(READ_BYTES))
    left = wanted_bytes
    while left:
        count = source.readinto(view[: min(left, READ_BYTES)])
        if not count:
            raise _lost()
        digest.update(view[:count])
        left -= count


def _lost() -> NotFound:
    return NotFound("bytes of the upload are gone from the storage: upload it anew", code="file_missing")

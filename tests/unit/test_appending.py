"""Batches at the end of a file."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reelwright.storage.appending import LEFT_BYTES, MOST_AT_ONCE, appended, begin_to_keep


def test_a_batch_of_any_number_of_chunks_is_written_in_its_order(tmp_path: Path) -> None:
    """Of more than one call takes, too; empty ones are none."""
    batch = [b"%d " % number for number in range(2 * MOST_AT_ONCE + 1)]
    with (tmp_path / "file").open("wb", buffering=0) as file:
        told = b"".join(appended(file.fileno(), [b"", *batch, b""]))
    assert (tmp_path / "file").read_bytes() == told == b"".join(batch)


def test_what_is_told_is_what_is_written_where_the_rest_cannot_be() -> None:
    """As on a disk that becomes full amid a chunk."""
    batch = [os.urandom(300_000) for _ in range(20)]
    told: list[bytes] = []
    here, there = socket.socketpair()
    with here, there:
        here.setblocking(False)  # it takes some, in the middle of a chunk, and then no more
        with pytest.raises(BlockingIOError):
            told.extend(map(bytes, appended(here.fileno(), batch)))
        here.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: there.recv(1 << 20), b""))
    written = b"".join(told)
    assert 0 < len(written) < sum(map(len, batch))
    assert received == written == b"".join(batch)[: len(written)]


def test_the_disk_begins_before_the_end(tmp_path: Path) -> None:
    """What cannot be kept, a pipe, is none of its troubles."""
    with (tmp_path / "file").open("wb", buffering=0) as file:
        batch = [bytes(LEFT_BYTES)]
        assert sum(map(len, appended(file.fileno(), batch))) == LEFT_BYTES
        assert begin_to_keep(file.fileno())
    reading, writing = os.pipe()
    assert not begin_to_keep(writing)
    os.close(reading)
    os.close(writing)

"""What `reelwright doctor` says of folders and of a database that is not there yet; nothing is made or left behind."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

from reelwright.doctor.databases import database
from reelwright.doctor.disks import disks
from reelwright.doctor.finding import Finding, State
from reelwright.settings_reader import parse

FLEETING = "/dev/shm"
"""A tmpfs wherever Linux runs."""


async def found(**settings: str) -> dict[str, Finding]:
    return {finding.name: finding for finding in await disks(parse({"DISK_RESERVE_BYTES": "1", **settings}))}


async def test_a_folder_that_forgets_and_a_disk_too_small_for_the_largest_upload_are_warnings() -> None:
    """With what to do; of the folder above, where the service's own is not there yet."""
    told = await found(MEDIA_ROOT=f"{FLEETING}/no-such-folder", DB_HOST="db.example", MAX_UPLOAD_BYTES=str(2**60))
    kind, space = told["file system of MEDIA_ROOT"], told["disk space"]
    assert (kind.state, kind.detail) == (State.WARNING, "tmpfs")
    assert kind.advice == "Set MEDIA_ROOT to a folder on a disk: this one forgets when the machine restarts."
    assert (space.state, told["one disk"].state) == (State.WARNING, State.OK)
    assert "lower MAX_UPLOAD_BYTES" in (space.advice or "")
    assert not list(Path(FLEETING).glob(".reelwright-doctor-*"))


async def test_the_disk_of_the_embedded_database_is_looked_at(tmp_path: Path) -> None:
    """Where it has a folder of its own; a database elsewhere has none here."""
    told = await found(MEDIA_ROOT=str(tmp_path), DATABASE_DIR=f"{FLEETING}/no-such-folder")
    assert "Set DATABASE_DIR to a folder on a disk" in (told["file system of DATABASE_DIR"].advice or "")
    told = await found(MEDIA_ROOT=str(tmp_path), DATABASE_DIR=FLEETING, DB_HOST="db.example")
    assert "file system of DATABASE_DIR" not in told
    assert list(tmp_path.iterdir()) == []


async def test_uploads_that_nobody_takes_away_are_told(tmp_path: Path) -> None:
    """How many and how large; and that a worker is missing, once one has expired for hours."""
    for hours, size in ((1, 100), (60, 2**29)):
        piece = tmp_path / "incoming" / str(uuid.uuid4()) / "0"
        piece.parent.mkdir(parents=True)
        with piece.open("wb") as file:
            file.truncate(size)
        for path in (piece, piece.parent):
            os.utime(path, (time.time() - 3600 * hours,) * 2)
    told = (await found(MEDIA_ROOT=str(tmp_path), UPLOAD_EXPIRY_S="86400"))["unfinished uploads"]
    assert (told.state, told.detail) == (State.WARNING, "2 on their way, 0.5 GiB; one is 60 h old")
    assert "Start a worker" in (told.advice or "")
    told = (await found(MEDIA_ROOT=str(tmp_path), UPLOAD_EXPIRY_S=str(60 * 3600)))["unfinished uploads"]
    assert (told.state, told.detail) == (State.OK, "2 on their way, 0.5 GiB")


async def test_a_database_that_the_first_start_makes_is_not_made(tmp_path: Path) -> None:
    """What will be there is said."""
    (told,) = await database(parse({"MEDIA_ROOT": str(tmp_path)}))
    assert told.state is State.OK
    assert told.detail.startswith("the first start makes an embedded PostgreSQL 1")
    assert list(tmp_path.iterdir()) == []

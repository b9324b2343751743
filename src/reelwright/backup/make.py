"""Backups of a running service: one moment of its database, and every stored file that this moment names.

Stored files never change and appear before the row that names them, so files are copied first, without haste. Then a
snapshot of the database is held, what it names besides is copied, and the dump is made of that very snapshot. A file
that was deleted under way sends it to the next snapshot: little is left to copy by then.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from reelwright.backup.layout import DATABASE, FILES, MANIFEST, MEDIA, Entry, Manifest
from reelwright.backup.pg_dump_and_restore import dump
from reelwright.backup.verified_copies import Copied, Damaged
from reelwright.db.database import Database, connected
from reelwright.db.models import File
from reelwright.db.schema_version import require
from reelwright.db.server_version import usable
from reelwright.db.sessions import may_be_silent
from reelwright.errors import Conflict, ReelwrightError
from reelwright.library.drawn_files import drawn_files_in_use
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

MAX_SNAPSHOTS = 20
PAGE = 1000
EMPTIED = ("import_secrets",)
"""Tables whose rows stay out: what is secret of imports under way is no business of a backup's. Restored, those say
that it is gone."""


async def make(settings: Settings, folder: Path, *, previous: Path | None = None) -> Manifest:
    """Back the service up into a new folder; one that was interrupted goes on in FOLDER.partial. The service may run.

    `previous`: an earlier backup on the same disk, whose files are linked instead of copied. Raises ReelwrightError,
    DatabaseUnusable, EmbeddedPostgresError.
    """
    partial = folder.with_name(folder.name + ".partial")
    storage = LocalStorage(settings.media_path, reserve_bytes=0)
    copies = _Copies(storage, partial / MEDIA, previous / MEDIA if previous else None)
    if settings.uses_embedded_database and not settings.database_path.exists():
        raise ReelwrightError(
            f"There is nothing to back up: no embedded database is in {settings.database_path}, and neither "
            "DATABASE_URL nor DB_HOST is set. Say where the service's settings are: the environment, or .env."
        )
    try:
        async with connected(settings, application_name="reelwright-backup") as database, usable(database.url):
            await require(database.url)
            await asyncio.to_thread(_begin, folder, copies, previous)
            manifest = await _taken(database, storage, copies, partial)
        await asyncio.to_thread(_conclude, partial, folder, manifest)
    except OSError as error:
        raise ReelwrightError(f"{error.filename or folder}: {error.strerror or error}") from error
    return manifest


def _begin(folder: Path, copies: _Copies, previous: Path | None) -> None:
    if folder.exists():
        raise Conflict(f"{folder} exists already: a backup is never written over. Name a new folder.")
    if previous is not None and not (previous / MANIFEST).is_file():
        raise ReelwrightError(f"{previous} is no whole backup: it has no {MANIFEST}.")
    copies.folder.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _taken(database: Database, storage: LocalStorage, copies: _Copies, partial: Path) -> Manifest:
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        async for entry in _entries(connection):
            await asyncio.to_thread(copies.bring, entry)
    for _ in range(MAX_SNAPSHOTS):
        async with _snapshot(database) as (connection, snapshot):
            count = _Count()
            with (partial / FILES).open("wb") as listing:
                async for entry in _entries(connection):
                    size_bytes = await asyncio.to_thread(copies.bring, entry)
                    if size_bytes is None:
                        count.lost.append(entry.key)
                    else:
                        count.add(listing, entry, size_bytes)
            if await _still_named(database, count.lost) != set(count.lost):
                continue  # deleted since
            driver = await connection.get_raw_connection()
            major: int = driver.driver_connection.get_server_version().major  # type: ignore[union-attr]
            await dump(database.url, partial / DATABASE, snapshot=snapshot, server_major=major, emptied=EMPTIED)
            moment = await connection.execute(
                text("SELECT version_num AS revision, now() AS made_at FROM alembic_version")
            )
            return Manifest(
                **moment.mappings().one(),
                storage=await asyncio.to_thread(storage.identity),
                files=count.files,
                size_bytes=count.size_bytes,
                lost=tuple(count.lost),
            )
    raise Conflict("Files are deleted all the time: no moment was found of which all files could be copied.")


class _Count:
    def __init__(self) -> None:
        self.files = 0
        self.size_bytes = 0
        self.lost: list[str] = []

    def add(self, listing: BinaryIO, entry: Entry, size_bytes: int) -> None:
        listing.write(msgspec.json.encode(Entry(key=entry.key, size_bytes=size_bytes, sha256=entry.sha256)) + b"\n")
        self.files += 1
        self.size_bytes += size_bytes


@asynccontextmanager
async def _snapshot(database: Database) -> AsyncIterator[tuple[AsyncConnection, str]]:
    """Open a transaction that sees one moment, and give the name under which other sessions see the same."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        await may_be_silent(connection, 0)  # pg_dump takes its time
        name = (await connection.exec_driver_sql("SELECT pg_export_snapshot()")).scalar_one()
        yield connection, name


async def _entries(connection: AsyncConnection) -> AsyncIterator[Entry]:
    """Yield every stored file that the database names, as this connection sees it, by pages."""
    last = ""
    columns = (File.key, File.size_bytes, File.sha256)
    while page := (
        await connection.execute(select(*columns).distinct().where(File.key > last).order_by(File.key).limit(PAGE))
    ).all():
        for key, size_bytes, sha256 in page:
            yield Entry(key=key, size_bytes=size_bytes, sha256=sha256)
        last = page[-1][0]
    for key, sha256 in (await drawn_files_in_use(connection)).items():
        yield Entry(key=key, size_bytes=None, sha256=sha256)


async def _still_named(database: Database, keys: Iterable[str]) -> set[str]:
    """Return those of the keys that the database names now."""
    asked = set(keys)
    if not asked:
        return asked
    async with database.engine.connect() as connection:
        return {entry.key async for entry in _entries(connection) if entry.key in asked}


class _Copies:
    """The backup's files. Each appears under its name when it is whole and on the disk. Its methods block."""

    def __init__(self, storage: LocalStorage, folder: Path, previous: Path | None) -> None:
        self.storage = storage
        self.folder = folder
        self.previous = previous
        self._copied = Copied()

    def bring(self, entry: Entry) -> int | None:
        """Have it in the backup; its size, None where there is no file or a damaged one. Raises OSError."""
        source, target = self.storage.path(entry.key), self.folder / entry.key
        if target.exists():
            return target.stat().st_size
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        earlier = self.previous / entry.key if self.previous else None
        if earlier is not None and earlier.is_file() and _is(earlier, entry):
            os.link(earlier, target)
            return target.stat().st_size
        try:
            return self._copied.bring(source, target, entry)
        except (FileNotFoundError, Damaged):
            return None


def _is(path: Path, entry: Entry) -> bool:
    """Return whether the file is what the entry says. Raises OSError."""
    with path.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if entry.size_bytes not in (None, size_bytes):
            return False
        return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def _conclude(partial: Path, folder: Path, manifest: Manifest) -> None:
    """Drop what no snapshot names any more, then make the backup appear under its name."""
    with (partial / FILES).open("rb") as listing:
        named = {partial / MEDIA / msgspec.json.decode(line, type=Entry).key for line in listing}
    for parent, _, names in os.walk(partial / MEDIA):
        for name in names:
            if (path := Path(parent, name)) not in named:
                path.unlink()
    (partial / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    os.sync()
    partial.rename(folder)

"""A backup becomes a service again: into an empty database and an empty media root, all of it or nothing.

Files are copied beside their place and compared with their SHA-256, then the database is filled in one transaction,
then the files are moved into place. The schema is brought to this version's at last.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import asyncpg
import msgspec

from reelwright.backup.layout import DATABASE, FILES, MEDIA, Entry, Manifest, read_manifest
from reelwright.backup.pg_dump_and_restore import restore as fill
from reelwright.backup.verified_copies import Copied, Damaged
from reelwright.db.database import located
from reelwright.db.migrate import bring_up_to_date
from reelwright.db.models.uploads import UNFINISHED
from reelwright.db.server_version import usable
from reelwright.errors import Conflict, ReelwrightError
from reelwright.settings import Settings
from reelwright.storage.local import FOLDERS, LocalStorage

ARRIVING = ".restoring"
"""Folder in the media root for files on their way."""

_TABLES = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v')"
    " AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND NOT EXISTS"
    " (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
)


async def restore(settings: Settings, folder: Path) -> Manifest:
    """Fill the empty database and MEDIA_ROOT of these settings from a backup.

    Raises Conflict where either is not empty, ReelwrightError, DatabaseUnusable, EmbeddedPostgresError.
    """
    manifest = await asyncio.to_thread(read_manifest, folder)
    storage = LocalStorage(settings.media_path, reserve_bytes=settings.disk_reserve_bytes)
    try:
        await asyncio.to_thread(_require_empty, storage)
        async with located(settings) as url, usable(url):
            server_major = await _require_empty_database(url)
            await asyncio.to_thread(storage.require_space, manifest.size_bytes)
            await asyncio.to_thread(_copy, folder, settings.media_path / ARRIVING, manifest.files)
            await fill(url, folder / DATABASE, server_major=server_major)
            await asyncio.to_thread(_move_in, storage, manifest)
            await _close_to_public(url)
            await bring_up_to_date(url, application_name="reelwright-restore")
            await _forget_unfinished_uploads(url)
    except OSError as error:
        raise ReelwrightError(f"{error.filename or folder}: {error.strerror or error}") from error
    return manifest


def _require_empty(storage: LocalStorage) -> None:
    storage.root.mkdir(mode=0o750, parents=True, exist_ok=True)
    file = next(storage.files(), None)
    if file is not None or storage.identity() is not None:
        what = file.key if file else "a service's mark"
        raise Conflict(f"MEDIA_ROOT {storage.root} is in use ({what} is in it): restore into an empty folder.")


async def _require_empty_database(url: str) -> int:
    """Return the server's major version. Raises Conflict when the database has tables."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "reelwright-restore"})
    try:
        if await connection.fetchval(_TABLES):
            raise Conflict("The database has tables already: restore into an empty one (CREATE DATABASE ...).")
        return connection.get_server_version().major
    finally:
        connection.terminate()


async def _close_to_public(url: str) -> None:
    """Revoke functions from everybody: rights are not in a backup, for their roles may not be here."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "reelwright-restore"})
    try:
        if await connection.fetchval("SELECT to_regnamespace('ops') IS NOT NULL"):
            await connection.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ops FROM PUBLIC")
    finally:
        connection.terminate()


async def _forget_unfinished_uploads(url: str) -> None:
    """Their bytes are in no backup: clients begin them anew."""
    connection = await asyncpg.connect(url, server_settings={"application_name": "reelwright-restore"})
    try:
        await connection.execute("DELETE FROM uploads WHERE state = ANY($1)", list(UNFINISHED))
    finally:
        connection.terminate()


def _copy(folder: Path, arriving: Path, count: int) -> None:
    """Copy every file, so many as the backup has. Raises ReelwrightError for the first that is missing or damaged,
    OSError."""
    if arriving.exists():  # of an attempt that failed
        shutil.rmtree(arriving)
    arriving.mkdir()
    whole = Copied()
    copied = 0
    with (folder / FILES).open("rb") as listing:
        for line in listing:
            try:
                entry = msgspec.json.decode(line, type=Entry)
            except msgspec.DecodeError as error:
                raise ReelwrightError(f"{folder / FILES} is damaged: nothing was restored.") from error
            if not LocalStorage.is_key(entry.key):
                raise ReelwrightError(f"{folder / FILES} names something else than a stored file: {entry.key!r}")
            target = arriving / entry.key
            target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            try:
                whole.bring(folder / MEDIA / entry.key, target, entry)
            except Damaged as error:
                raise ReelwrightError(f"{folder / MEDIA / entry.key} is damaged: nothing was restored.") from error
            copied += 1
    if copied != count:
        raise ReelwrightError(f"{folder / FILES} names {copied} of {count} files: nothing was restored.")


def _move_in(storage: LocalStorage, manifest: Manifest) -> None:
    arriving = storage.root / ARRIVING
    for name in FOLDERS:
        if (arriving / name).exists():
            if (storage.root / name).exists():
                shutil.rmtree(storage.root / name)  # it holds no file
            (arriving / name).rename(storage.root / name)
    shutil.rmtree(arriving)
    if manifest.storage is not None:
        storage.identify(manifest.storage)
    os.sync()

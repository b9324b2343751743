"""`reelwright backup` and `restore`: a running service, as it was at one moment, somewhere else."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from reelwright.backup import layout, make
from reelwright.backup.restore import restore
from reelwright.db.database import Database
from reelwright.db.unusable import DatabaseUnusable
from reelwright.errors import ReelwrightError
from reelwright.settings import Settings
from reelwright.settings_reader import parse
from tests.support.invariants import check
from tests.support.processes import PATIENCE_S
from tests.support.service import Service


async def ran(service: Service, *argv: str, status: int = 0) -> str:
    """What a command said that ended with the status."""
    ended = await service.command(*argv)
    assert ended.status == status, ended
    return ended.output + ended.errors


def elsewhere(tmp_path: Path, name: str = "elsewhere", **more: str) -> Service:
    """A service that was never started, on the embedded database."""
    folder = tmp_path / name
    folder.mkdir()
    return Service(
        parse({"APP_ENV": "test", "MEDIA_ROOT": str(folder / "data"), "DISK_RESERVE_BYTES": "1048576", **more}), folder
    )


async def test_a_running_service_comes_back_somewhere_else(service: Service, clip: Path, tmp_path: Path) -> None:
    """Backed up amid its work, restored into the embedded database: downloads are byte-identical, the queued jobs run,
    one that ran is taken up again, and what came after the backup is not there."""
    video = await service.upload(clip)
    said = {"title": "Tag 1", "tags": ["a"], "external_id": "7", "metadata": {"n": {"ü": [1, None]}}}
    assert (await service.client.patch(f"/videos/{video['id']}", json=said)).status_code == 200
    template = {"name": "cut", "edit": {"steps": [{"type": "trim", "start": {"$var": "s"}}]}}
    template["variables"] = {"s": {"type": "time", "default": 1}}
    assert (await service.client.post("/templates", json=template)).status_code == 201
    async with service.worker():
        done = await service.trim(video["id"], 1, 2, **said)
        await service.until(done, "SUCCESS")
    text = {"type": "text", "text": "नमस्ते", "start": 0, "end": 2}
    answer = await service.client.post("/overlays", json={"video_id": video["id"], "overlays": [text]})
    drawn = answer.json()["job_id"]
    worker = await service.start(
        "doomed",
        *("-m", "procrastinate", "--app=reelwright_worker.app.app", "worker"),
        REELWRIGHT_FAULTS="claimed=kill",
    )
    assert await asyncio.wait_for(worker.process.wait(), PATIENCE_S) == -9
    queued = await service.trim(video["id"], 2, 3)
    copy = tmp_path / "backup"
    assert "3 files" in await ran(service, "backup", str(copy))  # the upload, the trim, the drawn text
    late = await service.upload(clip)
    there = elsewhere(tmp_path)
    assert "restored: 3 files" in await ran(there, "restore", str(copy))
    async with there.running(), there.worker():
        assert (await there.client.get("/ready")).status_code == 200
        for path in (f"/videos/{video['id']}/download", f"/result/{done}"):
            assert (await there.client.get(path)).content == (await service.client.get(path)).content
        kept = (await there.client.get("/templates/cut")).json()
        assert kept == (await service.client.get("/templates/cut")).json()
        for path in (f"/videos/{video['id']}", f"/jobs/{done}", "/variants?external_id=7"):
            kept = (await there.client.get(path)).json()
            assert kept == (await service.client.get(path)).json()
            assert said.items() <= (kept["items"][0] if "items" in kept else kept).items()
        assert (await there.client.get(f"/videos/{late['id']}")).status_code == 404
        for job_id in (queued, drawn):
            await there.until(job_id, "SUCCESS")


@pytest.mark.slow
async def test_a_backup_is_never_written_over_and_restored_only_into_nothing(
    service: Service, clip: Path, tmp_path: Path, empty_database: str
) -> None:
    """Refused with a sentence: an existing folder, a database with tables, a media root with files, half a backup."""
    await service.upload(clip)
    copy = tmp_path / "backup"
    await ran(service, "backup", str(copy))
    assert "never written over" in await ran(service, "backup", str(copy), status=1)
    assert "is in use" in await ran(service, "restore", str(copy), status=1)
    migrated = service.settings.configured_database_url
    there = elsewhere(tmp_path, DATABASE_URL=migrated)
    assert "The database has tables already" in await ran(there, "restore", str(copy), status=1)
    assert there.stored() == set()
    (copy / "backup.json").rename(tmp_path / "backup.json")
    there = elsewhere(tmp_path, "again", DATABASE_URL=empty_database)
    assert "no whole backup" in await ran(there, "restore", str(copy), status=1)
    (tmp_path / "backup.json").rename(copy / "backup.json")
    (file,) = (copy / "media" / "uploads").rglob("*.mp4")
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    assert "is damaged: nothing was restored" in await ran(there, "restore", str(copy), status=1)
    content[100] ^= 1
    file.write_bytes(content)
    assert "restored: 1 files" in await ran(there, "restore", str(copy))
    may = "SELECT has_function_privilege('public', 'ops.cancel(uuid)', 'EXECUTE') AS cancel"
    assert await there.sql(may) == [{"cancel": False}]
    async with there.running():
        await check(there)


async def test_a_backup_that_is_not_whole_is_restored_by_nothing(
    settings: Settings, tmp_path: Path, empty_database: str
) -> None:
    """Each part of it torn or foreign: a sentence names it, no table and no file is there, and the whole one comes
    back."""
    folder = tmp_path / "backup"
    whole = await make.make(settings, folder)
    there = parse({"DATABASE_URL": empty_database, "MEDIA_ROOT": str(tmp_path / "there"), "DISK_RESERVE_BYTES": "1"})

    connection = await asyncpg.connect(empty_database)

    async def refused(name: str, content: bytes, words: str) -> None:
        before = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        with pytest.raises((ReelwrightError, DatabaseUnusable), match=words):
            await restore(there, folder)
        (folder / name).write_bytes(before)
        tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert (await connection.fetchval(tables)) == 0
        assert not list((tmp_path / "there").rglob("*.mp4"))

    newer = msgspec.structs.replace(whole, revision="9999", version="7.0")
    await refused(layout.MANIFEST, msgspec.json.encode(newer), "made by Reelwright 7.0 .*newer than this one")
    more = msgspec.structs.replace(whole, files=2)
    await refused(layout.MANIFEST, msgspec.json.encode(more), "files.jsonl names 0 of 2 files")
    await refused(layout.FILES, b'{"key": "uploads/', "files.jsonl is damaged")
    (tmp_path / "out.mp4").touch()
    outside = layout.Entry(key="../../../out.mp4", size_bytes=0, sha256=hashlib.sha256().hexdigest())
    await refused(layout.FILES, msgspec.json.encode(outside), "names something else than a stored file")
    dump = (folder / layout.DATABASE).read_bytes()
    for share in (0.0, 0.5, 0.98):
        await refused(layout.DATABASE, dump[: int(len(dump) * share)], "cannot be copied: pg_restore: error: ")
    await connection.close()
    assert await restore(there, folder) == whole


@pytest.mark.slow
async def test_an_interrupted_backup_goes_on_and_the_next_one_links(
    service: Service, clip: Path, long_clip: Path, tmp_path: Path
) -> None:
    """What was copied stays; with --previous only what is new is copied; both are whole by themselves."""
    video = await service.upload(clip)
    first, second = tmp_path / "first", tmp_path / "second"
    await ran(service, "backup", str(first))
    name = f"media/{video['stored_path']}"
    inode = (first / name).stat().st_ino
    (first / "backup.json").unlink()
    first.rename(tmp_path / "first.partial")
    (tmp_path / "first.partial/media/uploads/stray").write_text("copied, and deleted before the snapshot")
    await service.upload(long_clip)
    assert "2 files" in await ran(service, "backup", str(first))
    assert not (first / "media/uploads/stray").exists()
    assert "2 files" in await ran(service, "backup", str(second), "--previous", str(first))
    assert (first / name).stat().st_ino == (second / name).stat().st_ino == inode
    for copy in (first, second):
        listed = [json.loads(line) for line in (copy / "files.jsonl").read_text().splitlines()]
        for file in listed:
            assert hashlib.sha256((copy / "media" / file["key"]).read_bytes()).hexdigest() == file["sha256"]
        assert len(listed) == 2


@pytest.mark.slow
async def test_what_has_rotted_in_an_earlier_backup_is_copied_anew(
    service: Service, clip: Path, tmp_path: Path
) -> None:
    """A file of --previous is compared with its SHA-256 before it is linked."""
    video = await service.upload(clip)
    first, second = tmp_path / "first", tmp_path / "second"
    await ran(service, "backup", str(first))
    rotten = first / "media" / video["stored_path"]
    content = bytearray(rotten.read_bytes())
    content[1000] ^= 1
    rotten.write_bytes(content)
    await ran(service, "backup", str(second), "--previous", str(first))
    assert (second / "media" / video["stored_path"]).read_bytes() == clip.read_bytes()


@pytest.mark.slow
async def test_nothing_to_back_up_is_said(tmp_path: Path, service: Service, empty_database: str) -> None:
    """No database of the settings, or one without a schema: a sentence, and nothing is made."""
    bare = elsewhere(tmp_path)
    assert "There is nothing to back up" in await ran(bare, "backup", str(tmp_path / "backup"), status=1)
    unmigrated = elsewhere(tmp_path, "unmigrated", DATABASE_URL=empty_database)
    assert "reelwright migrate" in await ran(unmigrated, "backup", str(tmp_path / "backup"), status=1)
    assert not list(tmp_path.glob("backup*"))
    assert not bare.settings.database_path.exists()


@pytest.mark.slow
async def test_a_missing_or_damaged_file_is_named_and_stops_nothing(
    service: Service, clip: Path, long_clip: Path, tmp_path: Path
) -> None:
    """The backup has all the rest, says so in its description, and the exit status is 1."""
    whole, gone = await service.upload(clip), await service.upload(long_clip)
    (other := tmp_path / "other.mp4").write_bytes(clip.read_bytes() + b"\0\0\0\x08free")  # its bytes are its own
    bad = await service.upload(other)
    (service.settings.media_path / gone["stored_path"]).unlink()
    with (service.settings.media_path / bad["stored_path"]).open("r+b") as file:
        file.write(b"no")
    said = await ran(service, "backup", str(tmp_path / "backup"), status=1)
    assert "2 stored files are missing or damaged" in said
    lost = json.loads((tmp_path / "backup/backup.json").read_text())["lost"]
    assert sorted(lost) == sorted([gone["stored_path"], bad["stored_path"]])
    assert {path.name for path in (tmp_path / "backup/media").rglob("*") if path.is_file()} == {"source.mp4"}
    assert (tmp_path / "backup/media" / whole["stored_path"]).read_bytes() == clip.read_bytes()


@pytest.mark.slow
async def test_what_is_deleted_meanwhile_is_not_in_the_backup(
    service: Service, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A video that is deleted between the snapshot and its copy: the backup takes another moment, without it."""
    kept, doomed = await service.upload(clip), await service.upload(clip)
    seen = list[str]()

    @asynccontextmanager
    async def deleting(database: Database) -> AsyncIterator[tuple[AsyncConnection, str]]:
        async with snapshot(database) as (connection, name):
            if not seen:
                assert (await service.client.delete(f"/videos/{doomed['id']}")).status_code == 204
                (tmp_path / "backup.partial/media" / doomed["stored_path"]).unlink()  # as if it had not come to it yet
            seen.append(name)
            yield connection, name

    snapshot = make._snapshot
    monkeypatch.setattr(make, "_snapshot", deleting)
    manifest = await make.make(service.settings, tmp_path / "backup")
    assert (len(seen), manifest.files, manifest.lost) == (2, 1, ())
    assert (tmp_path / "backup/media" / kept["stored_path"]).is_file()

"""The folders of the service: can they be written, what kind of disk are they on, are they on one."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from reelwright.db.embedded import elsewhere
from reelwright.doctor.finding import Finding, failed, ok, warning
from reelwright.settings import Settings
from reelwright.storage import upload_pieces
from reelwright.storage.local import LocalStorage

SHARED = ("nfs", "cifs", "smb", "9p", "fuse", "ceph", "glusterfs", "afs", "lustre")
FLEETING = ("tmpfs", "ramfs", "overlay")
SWEPT_WITHIN_S = 7200
"""Workers look four times an hour, and machines may rest."""


async def disks(settings: Settings) -> list[Finding]:
    return await asyncio.to_thread(_disks, settings)


def _disks(settings: Settings) -> list[Finding]:
    media, work = _standing(settings.media_path), _standing(settings.work_path)
    findings = [_written(name, path) for name, path in (("MEDIA_ROOT", media), ("WORK_ROOT", work))]
    if any(finding.state != "ok" for finding in findings):
        return findings
    findings.append(_space(settings, media))
    findings.append(_together(work, media))
    findings.append(_unfinished(settings))
    findings += _kind("MEDIA_ROOT", media, settings.uses_embedded_database and settings.database_dir == "")
    if settings.uses_embedded_database and (folder := elsewhere(settings.database_path)):
        findings += _kind("DATABASE_DIR", _standing(folder), True)
    elif settings.uses_embedded_database and settings.database_dir:
        findings += _kind("DATABASE_DIR", _standing(settings.database_path), True)
    return findings


def _standing(path: Path) -> Path:
    """The folder, or the nearest above it that can be seen: the service makes the rest."""
    return next(folder for folder in (path, *path.parents) if os.access(folder, os.F_OK))


def _written(name: str, folder: Path) -> Finding:
    advice = f"Let the service's user (id {os.geteuid()}) write to it, or set {name} to another folder."
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".reelwright-doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return failed(name, f"{folder} cannot be written: {error.strerror}", advice)
    return ok(name, f"{folder} can be written")


def _space(settings: Settings, media: Path) -> Finding:
    free_bytes = LocalStorage(media, reserve_bytes=settings.disk_reserve_bytes).free_bytes()
    detail = f"{free_bytes / 2**30:.1f} GiB may be used beyond DISK_RESERVE_BYTES"
    if free_bytes <= 0:
        return failed("disk space", detail, "Free some, or set MEDIA_ROOT to a larger disk: uploads are refused.")
    if free_bytes < settings.max_upload_bytes:
        advice = "Free some, or lower MAX_UPLOAD_BYTES: the largest upload that is allowed does not fit."
        return warning("disk space", detail, advice)
    return ok("disk space", detail)


def _unfinished(settings: Settings) -> Finding:
    """Uploads that are on their way, and whether somebody takes away those that were given up."""
    storage = LocalStorage(settings.media_path, reserve_bytes=settings.disk_reserve_bytes)
    sizes, oldest_s = [], 0.0
    for _, folder in upload_pieces.folders(storage):
        with suppress(FileNotFoundError):
            found = [path.stat() for path in (folder, *folder.iterdir())]
            sizes.append(sum(one.st_size for one in found[1:]))
            oldest_s = max(oldest_s, time.time() - max(one.st_mtime for one in found))
    detail = f"{len(sizes)} on their way, {sum(sizes) / 2**30:.1f} GiB"
    if oldest_s > settings.upload_expiry_s + SWEPT_WITHIN_S:
        advice = "Start a worker: workers remove what has expired (UPLOAD_EXPIRY_S)."
        return warning("unfinished uploads", f"{detail}; one is {oldest_s / 3600:.0f} h old", advice)
    return ok("unfinished uploads", detail)


def _together(work: Path, media: Path) -> Finding:
    """Results are published by a link where that is possible; else each is copied once more."""
    with tempfile.NamedTemporaryFile(dir=work, prefix=".reelwright-doctor-") as file:
        target = media / f"{Path(file.name).name}.link"
        try:
            target.hardlink_to(file.name)
            target.rename(target.with_suffix(".renamed"))
        except OSError as error:
            return warning(
                "one disk",
                f"a file in WORK_ROOT cannot be linked into MEDIA_ROOT: {error.strerror}",
                "Put WORK_ROOT on MEDIA_ROOT's file system: each result is copied otherwise.",
            )
        finally:
            for name in (target, target.with_suffix(".renamed")):
                name.unlink(missing_ok=True)
    return ok("one disk", "results in WORK_ROOT are linked into MEDIA_ROOT, not copied")


def _kind(name: str, folder: Path, holds_database: bool) -> list[Finding]:
    kind = _file_system(folder)
    about = f"file system of {name}"
    if kind.startswith(SHARED) and holds_database:
        return [
            failed(about, kind, "Set DATABASE_DIR to a folder on a local disk: PostgreSQL is not safe on this one.")
        ]
    if kind.startswith(SHARED):
        return [warning(about, kind, "Make sure that it keeps what fsync has promised, also when its server fails.")]
    if kind.startswith(FLEETING):
        return [warning(about, kind, f"Set {name} to a folder on a disk: this one forgets when the machine restarts.")]
    return [ok(about, kind)]


def _file_system(folder: Path) -> str:
    """Its type, as /proc/self/mountinfo names it (proc(5))."""
    best, kind = -1, "unknown"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), before.split()[4]))
        if folder.resolve().is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind

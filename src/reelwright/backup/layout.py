"""What is in a backup's folder, and which backups this release can read.

FOLDER/
  backup.json     what it is, from when, how much; written last: with it the backup is whole
  files.jsonl     every file: key, size, SHA-256
  database.dump   pg_dump's custom format
  media/          the files under their keys
"""

from __future__ import annotations

import datetime
import uuid
from pathlib import Path

import msgspec

from reelwright.db.revisions import known_revisions
from reelwright.errors import ReelwrightError
from reelwright.release import RELEASE

FORMAT = 1
MANIFEST, FILES, DATABASE, MEDIA = "backup.json", "files.jsonl", "database.dump", "media"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`revision`: of the schema. `storage`: the media root's id. `lost`: keys whose file was missing or damaged."""

    format: int = FORMAT
    version: str = RELEASE
    revision: str
    made_at: datetime.datetime
    storage: uuid.UUID | None
    files: int
    size_bytes: int
    lost: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file. `size_bytes` None: not known before it is read."""

    key: str
    size_bytes: int | None
    sha256: str


def read_manifest(folder: Path) -> Manifest:
    """Read what the backup says of itself. Raises ReelwrightError when it is none, not whole, or a newer one's."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise ReelwrightError(f"{folder} is no whole backup: {MANIFEST} cannot be read ({error}).") from error
    if manifest.format != FORMAT or manifest.revision not in known_revisions():
        raise ReelwrightError(
            f"{folder} was made by Reelwright {manifest.version} (schema {manifest.revision}), which is newer than "
            "this one: restore it with that version."
        )
    return manifest

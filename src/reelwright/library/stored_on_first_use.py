"""Videos and sounds that nobody has uploaded, of the assets folder or fetched from an address: the first time that an
edit names one it is stored like an upload, since jobs read what is stored and locked. From then on it is found again by
its content, one of the folder by its name, too."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.access.keep_rules import AS_SHIPPED, KeepRules
from reelwright.db.models import Asset, Video
from reelwright.db.ownership import project_of_new
from reelwright.errors import UnreadableMedia, UnsupportedMedia
from reelwright.library import uploaded_assets, uploads
from reelwright.media.probe.prober import Prober
from reelwright.storage.local import LocalStorage

CHUNK_BYTES = 2**20


_Content: TypeAlias = tuple[uuid.UUID, Path, int, int]
"""A project, in which it is stored, and a file of the folder: its path, time of change and size."""


class Stored(NamedTuple):
    """As what a file of the folder is stored."""

    kind: type[Video] | type[Asset]
    id: uuid.UUID

    @property
    def reference(self) -> str:
        return f"{'video' if self.kind is Video else 'asset'}:{self.id}"


class StoredOnFirstUse:
    """Stores each once."""

    def __init__(
        self,
        storage: LocalStorage,
        prober: Prober,
        sessions: async_sessionmaker[AsyncSession],
        keep_rules: KeepRules = AS_SHIPPED,
    ) -> None:
        self._storage = storage
        self._prober = prober
        self._sessions = sessions
        self._keep_rules = keep_rules
        self._known: dict[_Content, Stored] = {}
        """A file is not read anew for every request."""
        self._taking = asyncio.Lock()

    async def take(self, path: Path, name: str, *, sound: bool = False) -> str:
        """What names the video that the file of the assets folder at `path` is stored as, `video:<id>`; or the sound,
        `asset:<id>`, where that will do. `name`: what clients call it.

        Raises UnsupportedMedia, UnreadableMedia, NoSpace.
        """
        seen = await asyncio.to_thread(path.stat)
        what = project_of_new(), path, seen.st_mtime_ns, seen.st_size
        if (known := await self._known_as(what, sound=sound)) is not None:
            return known.reference
        async with self._taking:  # one at a time: who waited finds what another took in
            if (known := await self._known_as(what, sound=sound)) is not None:
                return known.reference
            sha256 = await asyncio.to_thread(_sha256, path)
            async with self._sessions() as session:
                stored = await _found_again(session, sha256, name, sound=sound)
            self._known[what] = stored or await self._take_in(path, name, seen.st_size, sound=sound)
            return self._known[what].reference

    async def take_content(self, path: Path, name: str, sha256: str, *, sound: bool) -> str:
        """The same of a file that was fetched, whatever a stored one with its bytes is called."""
        async with self._taking:
            async with self._sessions() as session:
                stored = await _found_again(session, sha256, None, sound=sound)
            if stored is None:
                stored = await self._take_in(path, name, (await asyncio.to_thread(path.stat)).st_size, sound=sound)
            return stored.reference

    async def _known_as(self, what: _Content, *, sound: bool) -> Stored | None:
        """What it was stored as in this process' time, unless it was deleted since."""
        if (known := self._known.get(what)) is None or (known.kind is Asset and not sound):
            return None
        async with self._sessions() as session:
            return known if await session.get(known.kind, known.id) is not None else None

    async def _take_in(self, path: Path, name: str, size_bytes: int, *, sound: bool) -> Stored:
        if sound and await self._is_sound(path):
            return await self._take_in_sound(path, name, size_bytes)
        video = await uploads.store_video(
            _chunks(path),
            filename=name,
            storage=self._storage,
            prober=self._prober,
            sessions=self._sessions,
            expected_bytes=size_bytes,
            keep_rules=self._keep_rules,
        )
        return Stored(Video, video.id)

    async def _is_sound(self, path: Path) -> bool:
        """Whatever is no sound is for the video's probe to judge."""
        try:
            await self._prober.probe_sound(path)
        except (UnsupportedMedia, UnreadableMedia):
            return False
        return True

    async def _take_in_sound(self, path: Path, name: str, size_bytes: int) -> Stored:
        asset = await uploaded_assets.store_sound(
            _chunks(path),
            name=name,
            storage=self._storage,
            prober=self._prober,
            sessions=self._sessions,
            expected_bytes=size_bytes,
            keep_rules=self._keep_rules,
        )
        return Stored(Asset, asset.id)


async def _found_again(session: AsyncSession, sha256: str, name: str | None, *, sound: bool) -> Stored | None:
    """`name`: what it has to be called; None: whatever."""
    video = select(Video.id).where(Video.sha256 == sha256).limit(1)
    same = select(Asset.id).where(Asset.sha256 == sha256, Asset.kind == uploaded_assets.AUDIO).limit(1)
    if name is not None:
        video, same = video.where(Video.original_filename == name), same.where(Asset.name == name)
    if (found := await session.scalar(video)) is not None:
        return Stored(Video, found)
    found = await session.scalar(same) if sound else None
    return None if found is None else Stored(Asset, found)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()

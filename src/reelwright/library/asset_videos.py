"""Videos of the assets folder: the first time that one is laid over another it is taken in like an upload, since jobs
read what is stored and locked; from then on it is found again by its content and its name."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright.db.models import Video
from reelwright.library import uploads
from reelwright.media.probe.prober import Prober
from reelwright.storage.local import LocalStorage

CHUNK_BYTES = 2**20


class AssetVideos:
    """Stores videos of the assets folder, each once."""

    def __init__(self, storage: LocalStorage, prober: Prober, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._storage = storage
        self._prober = prober
        self._sessions = sessions
        self._known: dict[tuple[Path, int, int], uuid.UUID] = {}
        """By path, time of change and size: a file is not read anew for every request."""
        self._taking = asyncio.Lock()

    async def take(self, path: Path, name: str) -> uuid.UUID:
        """The id of the video that the file at `path` is stored as. `name`: what clients call it.

        Raises UnsupportedMedia, UnreadableMedia, NoSpace.
        """
        seen = await asyncio.to_thread(path.stat)
        what = path, seen.st_mtime_ns, seen.st_size
        if (known := await self._known_as(what)) is not None:
            return known
        async with self._taking:  # one at a time: who waited finds what another took in
            if (known := await self._known_as(what)) is not None:
                return known
            sha256 = await asyncio.to_thread(_sha256, path)
            async with self._sessions() as session:
                same = select(Video.id).where(Video.sha256 == sha256, Video.original_filename == name).limit(1)
                stored = await session.scalar(same)
            self._known[what] = stored or await self._take_in(path, name, seen.st_size)
            return self._known[what]

    async def _known_as(self, what: tuple[Path, int, int]) -> uuid.UUID | None:
        """What it was stored as in this process' time, unless it was deleted since."""
        if (video_id := self._known.get(what)) is None:
            return None
        async with self._sessions() as session:
            return video_id if await session.get(Video, video_id) is not None else None

    async def _take_in(self, path: Path, name: str, size_bytes: int) -> uuid.UUID:
        video = await uploads.store_video(
            _chunks(path),
            filename=name,
            storage=self._storage,
            prober=self._prober,
            sessions=self._sessions,
            expected_bytes=size_bytes,
        )
        return video.id


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

"""What an edit names by an address: fetched when the edit is planned, and stored as if it had been uploaded. So edit
and plan name what is stored, and no address."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from io import BufferedRandom
from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from reelwright import file_formats
from reelwright.cancellation import finished
from reelwright.db.models import Asset
from reelwright.db.ownership import project_of_new
from reelwright.edits.cues.cue import MAX_BYTES as MAX_SUBTITLES_BYTES
from reelwright.errors import NotFound, RemoteRefused, TooLarge, UnsupportedMedia
from reelwright.library import file_references, uploaded_assets
from reelwright.library.display_names import display_name
from reelwright.library.overlay_images import OverlayImages
from reelwright.library.resumed_fetching import refusal
from reelwright.library.retention import rules_of_settings
from reelwright.library.stored_on_first_use import StoredOnFirstUse
from reelwright.media.probe.prober import Prober
from reelwright.outbound.client import OutboundClient
from reelwright.outbound.timeouts import Patience
from reelwright.outbound.url import Target
from reelwright.settings import Settings
from reelwright.storage.local import LocalStorage

MaterialKind: TypeAlias = Literal["image", "video", "picture", "sound", "subtitles"]
"""`picture`: an image or a video."""

AT_ONCE = 8
"""Addresses that one process fetches at the same time."""
BATCH_BYTES = 1 << 20
KNOWN_FOR_S = 60.0
"""So long after it was fetched an address is not asked again: previews and edits of the same come one after another."""
MAX_KNOWN = 256

_ADDRESS = re.compile("https?://", re.IGNORECASE)


def is_address(name: str) -> bool:
    return _ADDRESS.match(name) is not None


class FetchedMaterials:
    """Safe for any number of concurrent callers."""

    def __init__(
        self,
        settings: Settings,
        storage: LocalStorage,
        sessions: async_sessionmaker[AsyncSession],
        prober: Prober,
        overlay_images: OverlayImages,
        on_first_use: StoredOnFirstUse,
        client: OutboundClient,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._sessions = sessions
        self._prober = prober
        self._overlay_images = overlay_images
        self._on_first_use = on_first_use
        self._client = client
        self._folder = settings.work_path / "fetched"
        self._places = asyncio.Semaphore(AT_ONCE)
        self._storing = asyncio.Lock()
        self._fetching: dict[tuple[uuid.UUID, str, str], asyncio.Lock] = {}
        self._known: dict[tuple[uuid.UUID, str, str], tuple[str, float]] = {}

    async def take(self, address: str, kind: MaterialKind) -> str:
        """What names the file at the address as it is stored: `asset:<id>` or `video:<id>`.

        Raises AddressRefused, RemoteRefused, RemoteUnavailable, RemoteStalled, TooLarge, UnsupportedMedia,
        UnreadableMedia, NoSpace, Busy.
        """
        target = Target.read(address)
        asked = project_of_new(), kind, target.whole
        async with self._fetching.setdefault(asked, asyncio.Lock()):
            try:
                if (reference := await self._known_as(asked)) is None:
                    async with self._places:
                        reference = await self._fetched(target, kind)
                    self._known[asked] = reference, time.monotonic()
            finally:
                self._fetching.pop(asked, None)
        while len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]
        return reference

    async def _known_as(self, asked: tuple[uuid.UUID, str, str]) -> str | None:
        reference, at = self._known.get(asked, ("", 0.0))
        if not reference or time.monotonic() - at > KNOWN_FOR_S:
            return None
        try:  # it may have been deleted since
            async with self._sessions() as session:
                if reference.startswith("asset:"):
                    await file_references.stored_asset(session, reference.removeprefix("asset:"))
                else:
                    await file_references.video(session, reference)
        except NotFound:
            return None
        return reference

    async def _fetched(self, target: Target, kind: MaterialKind) -> str:
        max_bytes = {"image": self._settings.max_asset_bytes, "subtitles": MAX_SUBTITLES_BYTES}.get(
            kind, self._settings.max_fetched_bytes
        )
        await asyncio.to_thread(self._folder.mkdir, mode=0o750, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as file:  # nameless: gone with this process
            sha256 = await self._download(target, file, max_bytes)
            path, name = Path(f"/proc/self/fd/{file.fileno()}"), display_name(target.name)
            still = kind in ("image", "picture") and await asyncio.to_thread(_is_image, file)
            if kind == "image" and not still:
                raise UnsupportedMedia("leads to what is no PNG, JPEG, WebP or GIF picture")
            if kind == "subtitles" and await asyncio.to_thread(uploaded_assets.subtitles_format, path) is None:
                raise UnsupportedMedia("leads to what are no subtitles: SRT and WebVTT are taken")
            if still or kind == "subtitles":
                return await self._asset(
                    path, name, sha256, uploaded_assets.IMAGE if still else uploaded_assets.SUBTITLES
                )
            return await self._on_first_use.take_content(path, name, sha256, sound=kind == "sound")

    async def _download(self, target: Target, file: BufferedRandom, max_bytes: int) -> str:
        """Write all of it; returns its SHA-256."""
        patience = Patience(self._settings.fetch_timeout_s, self._settings.fetch_timeout_s)
        digest, size_bytes, batch = hashlib.sha256(), 0, bytearray()
        asked = {"Accept-Encoding": "identity"}
        too_large = TooLarge(f"leads to a file of more than {max_bytes} bytes")

        def write() -> None:
            digest.update(batch)
            file.write(batch)
            batch.clear()

        async with self._client.open(target, patience=patience, headers=asked) as answer:
            if (refused := refusal(answer)) is not None:
                raise refused
            if not answer.encoding and (answer.size_bytes or 0) > max_bytes:
                raise too_large
            await asyncio.to_thread(self._storage.require_space, answer.size_bytes or 0)
            async for chunk in answer.chunks():
                size_bytes += len(chunk)
                if size_bytes > max_bytes:
                    raise too_large
                batch += chunk
                if len(batch) >= BATCH_BYTES:
                    await finished(asyncio.to_thread(write))
        await finished(asyncio.to_thread(write))
        await asyncio.to_thread(file.flush)
        if size_bytes == 0:
            raise RemoteRefused("leads to an empty file")
        return digest.hexdigest()

    async def _asset(self, path: Path, name: str, sha256: str, kind: str) -> str:
        """The asset that has these bytes already, or one of its own."""
        same = select(Asset.id).where(Asset.sha256 == sha256, Asset.kind == kind).limit(1)
        async with self._storing:  # one at a time: who waited finds what another stored
            async with self._sessions() as session:
                found = await session.scalar(same)
            if found is None:
                asset = await uploaded_assets.store_asset(
                    _chunks(path),
                    name=name,
                    storage=self._storage,
                    overlay_images=self._overlay_images,
                    prober=self._prober,
                    sessions=self._sessions,
                    keep_rules=rules_of_settings(self._settings),
                )
                found = asset.id
        return f"asset:{found}"


def _is_image(file: BufferedRandom) -> bool:
    file.seek(0)
    return file_formats.of_image(file.read(file_formats.IMAGE_SIGNATURE_BYTES)) is not None


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, BATCH_BYTES):
            yield chunk

"""A whole upload is examined by one process at a time, whichever that is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from reelwright.db.models import Upload
from reelwright.edits.media_info import MediaInfo
from reelwright.library import upload_completion
from reelwright.library.resumable_upload_writers import UploadWriters
from reelwright.library.resumable_uploads import ResumableUploads, UploadLimits
from reelwright.library.upload_completion import Completions
from reelwright.library.uploads import NOTHING_SAID
from reelwright.media.probe.prober import Prober
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S


class Waiting:
    """A prober that has begun, and goes on when it is told to."""

    def __init__(self, prober: Prober) -> None:
        self.prober = prober
        self.embedded_subtitles = prober.embedded_subtitles
        self.begun, self.goes_on = asyncio.Event(), asyncio.Event()

    async def probe(self, path: Path) -> MediaInfo:
        self.begun.set()
        await self.goes_on.wait()
        return await self.prober.probe(path)


@pytest.fixture
def uploads(world: World, tmp_path: Path) -> ResumableUploads:
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    storage.prepare()
    return ResumableUploads(world.sessions, storage, UploadLimits(max_bytes=2**30, max_unfinished=5, expiry_s=60))


async def whole(uploads: ResumableUploads, clip: Path) -> tuple[Upload, UploadWriters]:
    """An upload that nobody examines yet."""
    content, writers = clip.read_bytes(), UploadWriters(uploads)

    async def chunks(_: int) -> AsyncIterator[bytes]:
        yield content

    upload = await uploads.create(length_bytes=len(content), filename="a.mp4", said=NOTHING_SAID)
    return (await writers.append(upload.id, chunks, at=0, news=asyncio.Event()))[0], writers


async def lease(uploads: ResumableUploads, upload: Upload) -> Any:
    return (await uploads.find(upload.id)).lease_until


async def test_who_examines_for_long_keeps_it_and_who_lost_it_stores_nothing(
    uploads: ResumableUploads, prober: Prober, clip: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has taken it up by then, and makes the video of it."""
    monkeypatch.setattr(upload_completion, "RENEWAL_S", 0.02)
    upload, writers = await whole(uploads, clip)
    waiting = Waiting(prober)
    completions = Completions(uploads, writers, waiting)  # type: ignore[arg-type]
    examining = asyncio.create_task(completions.completed(upload))
    async with asyncio.timeout(PATIENCE_S):
        await waiting.begun.wait()
        held_until = await lease(uploads, upload)
        while await lease(uploads, upload) == held_until:
            await asyncio.sleep(0.01)
    await Completions(uploads, writers, prober).completed(upload)  # it is held: nothing is done
    assert (await uploads.find(upload.id)).state == "whole"
    async with world.sessions.begin() as session:
        await session.execute(text("UPDATE uploads SET lease_until = now() - interval '1 second', writer = writer + 1"))
    await asyncio.sleep(0.05)
    waiting.goes_on.set()
    await asyncio.wait_for(examining, PATIENCE_S)
    assert (await uploads.find(upload.id)).state == "whole"
    assert list(uploads.storage.files()) == []
    monkeypatch.setattr(upload_completion, "LOOK_S", 0.02)
    async with Completions(uploads, writers, prober).running(), asyncio.timeout(PATIENCE_S):
        while (await uploads.find(upload.id)).state != "stored":
            await asyncio.sleep(0.01)
    assert len(list(uploads.storage.files())) == 1

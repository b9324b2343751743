"""Who adds to an upload: what becomes of one that hangs, that another takes over from, that hears no news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from reelwright.db.models import Upload
from reelwright.errors import Conflict, Malformed, NotFound
from reelwright.library import batched_writing, resumable_upload_writers
from reelwright.library.resumable_upload_writers import Body, UploadWriters
from reelwright.library.resumable_uploads import ResumableUploads, UploadLimits
from reelwright.library.uploads import NOTHING_SAID
from reelwright.storage import upload_pieces
from reelwright.storage.local import LocalStorage
from tests.support.job_database import World
from tests.support.processes import PATIENCE_S

CONTENT = b"0123456789"


@pytest.fixture
def uploads(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResumableUploads:
    monkeypatch.setattr(batched_writing, "MAX_HELD_S", -1)  # what comes is there at once
    storage = LocalStorage(tmp_path, reserve_bytes=0)
    storage.prepare()
    return ResumableUploads(world.sessions, storage, UploadLimits(max_bytes=100, max_unfinished=5, expiry_s=60))


async def begun(uploads: ResumableUploads, length_bytes: int | None = len(CONTENT)) -> Upload:
    return await uploads.create(length_bytes=length_bytes, filename="a.mp4", said=NOTHING_SAID)


def bringing(content: bytes, then: asyncio.Event | None = None) -> Body:
    """`then`: the request hangs until that."""

    async def chunks(_: int) -> AsyncIterator[bytes]:
        yield content
        if then is not None:
            await then.wait()

    return chunks


async def hanging(uploads: ResumableUploads, upload: Upload, content: bytes, news: asyncio.Event) -> asyncio.Task[Any]:
    """A request of another process that has brought so much, and does not end."""
    writers = UploadWriters(uploads)
    task = asyncio.create_task(writers.append(upload.id, bringing(content, asyncio.Event()), at=0, news=news))
    async with asyncio.timeout(PATIENCE_S):
        while await uploads.offset(await uploads.find(upload.id)) < len(content):
            assert not task.done()
            await asyncio.sleep(0.005)
    return task


async def test_a_writer_that_hangs_with_all_bytes_is_ended_and_the_upload_is_whole(uploads: ResumableUploads) -> None:
    """Whoever asks where to go on is told that nothing is missing; the writer hears of it, and adds nothing more."""
    upload, news = await begun(uploads), asyncio.Event()
    writer = await hanging(uploads, upload, CONTENT, news)
    settled, offset = await uploads.settle(upload.id)
    assert (settled.state, offset) == ("whole", len(CONTENT))
    news.set()
    with pytest.raises(Conflict, match="taken the upload over"):
        await asyncio.wait_for(writer, PATIENCE_S)
    pieces = upload_pieces.read((await uploads.find(upload.id)).pieces)
    whole = upload_pieces.whole(uploads.storage, upload.id, pieces, writer=9, sha256=None)
    assert whole.path.read_bytes() == CONTENT
    again, at = await UploadWriters(uploads).append(upload.id, bringing(b""), at=len(CONTENT), news=asyncio.Event())
    assert (again.state, at) == ("whole", len(CONTENT))


async def test_a_writer_without_news_looks_now_and_then(
    uploads: ResumableUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the upload does not expire while a slow client sends; a look that fails ends nothing, and an upload that is
    gone ends the writer."""
    monkeypatch.setattr(resumable_upload_writers, "LOOK_S", 0.02)
    upload = await begun(uploads)
    writer = await hanging(uploads, upload, CONTENT[:5], asyncio.Event())
    renewed_at = (await uploads.find(upload.id)).expires_at
    async with asyncio.timeout(PATIENCE_S):
        while (await uploads.find(upload.id)).expires_at == renewed_at:
            await asyncio.sleep(0.01)
    look, failed = UploadWriters._look, 0

    async def failing(*arguments: Any, **more: Any) -> None:
        nonlocal failed
        failed += 1
        if failed <= 2:
            raise ConnectionResetError
        await look(*arguments, **more)

    monkeypatch.setattr(UploadWriters, "_look", failing)
    async with asyncio.timeout(PATIENCE_S):
        while failed < 3:
            await asyncio.sleep(0.01)
    assert not writer.done()
    await uploads.abort(upload.id)
    with pytest.raises(NotFound):
        await asyncio.wait_for(writer, PATIENCE_S)


async def test_an_upload_that_is_interrupted_too_often_is_begun_anew(
    uploads: ResumableUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each interruption that nobody ended in order leaves a piece."""
    monkeypatch.setattr(resumable_upload_writers, "MAX_PIECES", 1)
    upload, news = await begun(uploads), asyncio.Event()
    writer = await hanging(uploads, upload, CONTENT[:5], news)
    with pytest.raises(Conflict, match="interrupted 1 times"):
        await UploadWriters(uploads).append(upload.id, bringing(CONTENT[5:]), at=5, news=asyncio.Event())
    assert not writer.done(), "what is refused takes nothing over"
    writer.cancel()
    await asyncio.wait([writer])
    done, at = await UploadWriters(uploads).append(upload.id, bringing(CONTENT[5:]), at=5, news=asyncio.Event())
    assert (done.state, at) == ("whole", 10)


async def test_a_process_remembers_a_few_uploads_and_needs_to_remember_none(
    uploads: ResumableUploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it has forgotten, and bytes that a disk has lost, are looked up; a length that is said late has to fit."""
    monkeypatch.setattr(resumable_upload_writers, "MAX_LEFT", 1)
    writers, news = UploadWriters(uploads), asyncio.Event()
    first, second = [await begun(uploads, length_bytes=None) for _ in range(2)]
    for upload in (first, second):
        assert (await writers.append(upload.id, bringing(CONTENT[:5]), at=0, news=news))[1] == 5
    assert len(writers._left) == 1
    with pytest.raises(Malformed, match="longer already"):
        await writers.append(first.id, bringing(b""), at=5, length_bytes=4, news=news)
    for upload in (first, second):
        done, _ = await writers.append(upload.id, bringing(CONTENT[5:]), at=5, length_bytes=10, news=news)
        assert done.state == "whole"
    third = await begun(uploads)
    await writers.append(third.id, bringing(CONTENT[:5]), at=0, news=news)
    (piece,) = upload_pieces.read((await uploads.find(third.id)).pieces)
    upload_pieces.path(uploads.storage, piece).write_bytes(CONTENT[:3])
    with pytest.raises(resumable_upload_writers.OffsetMismatch) as told:
        await writers.append(third.id, bringing(CONTENT[5:]), at=5, news=news)
    assert told.value.offset == 3
    done, _ = await writers.append(third.id, bringing(CONTENT[3:]), at=3, news=news)
    assert done.state == "whole"
    whole = upload_pieces.whole(uploads.storage, third.id, upload_pieces.read(done.pieces), writer=9, sha256=None)
    assert whole.path.read_bytes() == CONTENT

"""What failed for a moment is tried again by itself: nobody need ask anew, and nothing is lost meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.acceptance.test_uploads import Tus, stored
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, problem


async def test_a_worker_that_was_struck_off_registers_again(service: Service, clip: Path) -> None:
    """One that was silent for a while (frozen, without its network) has no entry any more that jobs could name."""
    video = await service.upload(clip)
    async with service.worker() as worker:
        await service.sql("DELETE FROM procrastinate_workers")
        await service.until(await service.trim(video["id"], 0, 1), "SUCCESS")
        assert len(await service.sql("SELECT id FROM procrastinate_workers")) == 1
        assert "this worker was silent and another one struck it off: registering again" in worker.log.read_text()


async def test_an_upload_that_could_not_be_stored_is_stored_when_it_can_be(service: Service, clip: Path) -> None:
    """Whoever sent its last byte is told that it cannot be done now; no byte need be sent again."""
    content, tus = clip.read_bytes(), Tus(service)
    place = await tus.begun(len(content))
    uploads = service.settings.media_path / "uploads"
    uploads.rename(away := uploads.with_name("away"))
    uploads.symlink_to(uploads.name)  # which leads nowhere
    answer = await tus.add(place, 0, content)
    assert problem(answer, 503, "busy")["detail"] == "The storage cannot be used now; the log and /ready say why."
    assert (await tus.state(place))["state"] == "whole"
    uploads.unlink()
    away.rename(uploads)
    async with asyncio.timeout(PATIENCE_S):
        while (found := await tus.state(place))["state"] == "whole":
            await asyncio.sleep(0.2)
    await stored(tus, found["video_id"], content)
    assert "could not be examined, and is tried again" in service.api.log.read_text()

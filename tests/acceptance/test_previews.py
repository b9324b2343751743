"""`POST /edits/preview` through a running service: a frame or a draft at once, no job, no trace."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import av
import httpx
import msgspec
import numpy as np
import pytest
import pyvips

from reelwright.settings import Settings
from tests.support.invariants import processes_about
from tests.support.media_files import ffmpeg
from tests.support.processes import PATIENCE_S, standing_still
from tests.support.service import UNKNOWN, Service, problem

STEPS = [
    {"type": "trim", "start": 1, "end": 3},
    {"type": "overlay", "layers": [{"type": "text", "text": "Hello", "position": "center"}]},
]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of 1080p: a draft of ten, slowed down, takes a while."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=3", "-c:v", "libx264"),
        *("-preset", "ultrafast", "-pix_fmt", "yuv420p", str(path)),
    )
    return path


async def look(service: Service, video: dict[str, Any], query: str = "", **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    body = {"source": video["id"], "steps": STEPS, **more}
    return await service.client.post(f"/edits/preview{query}", json=body, headers=headers)


def of_previews(service: Service) -> list[Path]:
    """What lies in the work folder and is no part of anything that stays."""
    return [path for path in service.settings.work_path.glob("*") if path.name != "drawing"]


async def test_a_frame_in_the_format_that_is_asked_for(shared_service: Service, clip: Path) -> None:
    """By `format`, else by `Accept`; a text of the steps is in it; and there is no job of it."""
    video = await shared_service.upload(clip)
    for query, accept, kind in (
        ("", "*/*", "image/png"),
        ("", "image/avif,image/webp,image/png", "image/webp"),
        ("?format=png", "image/webp", "image/png"),
        ("?format=webp", "*/*", "image/webp"),
    ):
        answer = await look(shared_service, video, query, t=0.5, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind), answer.text
        assert answer.headers["cache-control"] == "no-store"
        picture = pyvips.Image.new_from_buffer(answer.content, "").numpy()
        assert picture.shape[:2] == (180, 320)
    bare = await look(shared_service, video, t=0.5, steps=STEPS[:1])
    plain = pyvips.Image.new_from_buffer(bare.content, "").numpy()
    laid = pyvips.Image.new_from_buffer((await look(shared_service, video, t=0.5)).content, "").numpy()
    differs = np.abs(plain.astype(int) - laid).max(axis=-1) > 32
    assert 0.002 < differs.mean() < 0.2
    assert not differs[:40].any(), "the text lies in the middle"
    assert (await shared_service.client.get("/jobs", params={"video_id": video["id"]})).json()["total"] == 0


async def test_a_draft_of_some_seconds(shared_service: Service, clip: Path) -> None:
    """It ends where the result does."""
    video = await shared_service.upload(clip)
    for begin, asked, lasts in ((0.5, 1, 1.0), (1.5, 3, 0.5)):
        answer = await look(shared_service, video, f"?duration={asked}", t=begin)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4"), answer.text
        with av.open(io.BytesIO(answer.content), "r") as opened:
            assert [stream.type for stream in opened.streams] == ["video", "audio"]
            assert len(list(opened.decode(video=0))) == round(25 * lasts)


async def test_what_steps_bring_in_is_seen(shared_service: Service, clip: Path) -> None:
    """Subtitles, and a video that comes before: each where the result has it."""
    video = await shared_service.upload(clip)

    async def seen(t: float, *steps: dict[str, Any]) -> np.ndarray[Any, Any]:
        answer = await look(shared_service, video, t=t, steps=list(steps))
        assert answer.status_code == 200, answer.text
        picture: np.ndarray[Any, Any] = pyvips.Image.new_from_buffer(answer.content, "").numpy()
        return picture.astype(int)

    said = {"type": "subtitles", "cues": [{"start": 1, "end": 2, "text": "Hello"}]}
    differs = [bool(np.abs(await seen(t, said) - await seen(t)).max() > 64) for t in (0.9, 1.04, 1.9, 2.04)]
    assert differs == [False, True, True, False]
    before = {"type": "concat", "before": [{"source": f"video:{video['id']}"}]}
    assert np.abs(await seen(5, before) - await seen(1)).mean() < 2
    assert np.abs(await seen(2, before) - await seen(2)).mean() < 2


async def test_what_cannot_be_seen_is_refused(shared_service: Service, clip: Path) -> None:
    video = await shared_service.upload(clip)
    late = problem(await look(shared_service, video, t=2), 422, "invalid_input")
    assert late["errors"] == [{"pointer": "/t", "detail": "is not before the end of the result (2 s)"}]
    assert "?duration" in str(
        problem(await look(shared_service, video, "?duration=11"), 422, "invalid_input")["errors"]
    )
    assert "?format" in str(problem(await look(shared_service, video, "?format=gif"), 422, "invalid_input")["errors"])
    problem(await look(shared_service, {"id": UNKNOWN}), 404, "not_found")
    wrong = problem(await look(shared_service, video, steps=[{"type": "trim", "start": 9}]), 422, "invalid_input")
    assert "/steps/0/start" in str(wrong["errors"])


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, previews_at_once=1, preview_wait_s=0.2)


async def test_busy_is_said_at_once_and_who_goes_frees_the_place(service: Service, large: Path) -> None:
    """503 with `Retry-After` while the only place is taken; it is free as soon as its client has gone, and nothing of
    what was half made is left."""
    video = await service.upload(large)
    asking = asyncio.create_task(look(service, video, "?duration=10", steps=[{"type": "speed", "factor": 0.25}]))
    async with asyncio.timeout(PATIENCE_S):
        while not (drafting := processes_about(service.settings.work_path)):
            await asyncio.sleep(0.02)
    with standing_still(drafting):
        busy = await look(service, video, steps=[])
        problem(busy, 503, "busy")
        assert int(busy.headers["retry-after"]) >= 1
        assert not asking.done()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: asyncio.to_thread(lambda: not of_previews(service)))
    assert (await look(service, video, steps=[])).status_code == 200


async def until(holds: Any) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found: Awaitable[object] = holds()
            if await found:
                return
            await asyncio.sleep(0.02)

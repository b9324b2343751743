"""The clients that people have upload over a road that breaks, while the API is killed: every byte is right."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from reelwright.settings import Settings
from tests.support.browser import page_server
from tests.support.cutting_proxy import CuttingProxy, cutting_proxy
from tests.support.service import Service
from tests.support.upload_clients import PAGE, Road, Sent, bundled, with_tus_js_client, with_tuspy, with_uppy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

KILLED_AT = (0.1, 0.4, 0.7)
"""When so much of the file has come."""
MOST_BETWEEN_CUTS_BYTES = 36_000_000
MOST_MEMORY_BYTES = 32 * 2**20
"""More than an idle API has: a third of the smaller file, whatever the size is."""
BLOCK_BYTES = 2**20


@asynccontextmanager
async def killed(service: Service, size_bytes: int) -> AsyncIterator[list[int]]:
    """Kill the API meanwhile, again and again, and start it anew. Gives how much had come each time."""
    killed_at: list[int] = []

    def came_bytes() -> int:
        return sum(path.stat().st_size for path in (service.settings.media_path / "incoming").glob("*/*"))

    async def kill() -> None:
        for part in KILLED_AT:
            while came_bytes() < part * size_bytes:
                await asyncio.sleep(0.02)
            killed_at.append(came_bytes())
            service.api.send(signal.SIGKILL)
            await service.api.process.wait()
            service.api = await service.start_api()

    killing = asyncio.create_task(kill(), name="kills")
    try:
        yield killed_at
        assert killing.done(), f"only {killed_at} had come when all had"
        await killing
    finally:
        killing.cancel()


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(with_tus_js_client, marks=pytest.mark.needs("npm"), id="tus-js-client"),
        pytest.param(with_tuspy, id="tuspy"),
        pytest.param(with_uppy, marks=pytest.mark.needs("npm", "chromium"), id="Uppy in Chromium"),
    ],
)
@pytest.mark.parametrize(
    "size_bytes", [pytest.param(100_000_000, id="100 MB"), pytest.param(2**30, marks=pytest.mark.soak, id="1 GiB")]
)
async def test_what_a_client_sends_arrives_whole(
    settings: Settings, tmp_path: Path, clip: Path, client: Callable[[Road], Awaitable[Sent]], size_bytes: int
) -> None:
    """Through three kills and many cuts, by a token, in constant memory."""
    file, bundle = tmp_path / "holiday.mp4", tmp_path / "uppy.js"
    sha256 = await asyncio.to_thread(padded, clip, file, size_bytes)
    if client is with_uppy:
        await bundled(bundle)
    async with page_server(PAGE, {"uppy.js": bundle, "video": file}) as (page, reported):
        of_page = msgspec.structs.replace(settings, auth="keys", cors_origins=(page,))
        async with Service(of_page, tmp_path).running() as service:
            service.use_first_key()
            token = (await service.client.post("/tokens", json={"purpose": "upload"})).json()["token"]
            with clip.open("rb") as small:
                await service.client.post("/videos/upload", files={"file": small})
            idle_bytes = service.api.peak_bytes()
            async with broken(service) as proxy, killed(service, size_bytes) as killed_at:
                endpoint = f"http://127.0.0.1:{proxy.port}/uploads"
                sent = await client(Road(endpoint, file, token, page, reported))
            assert len(killed_at) == len(KILLED_AT)
            assert proxy.cuts >= 3
            video = (await service.client.get(f"/videos/{sent.video_id}")).json()
            assert (video["sha256"], video["size_bytes"]) == (sha256, size_bytes)
            assert list((service.settings.media_path / "incoming").iterdir()) == []
            assert service.api.peak_bytes() - idle_bytes < MOST_MEMORY_BYTES


@asynccontextmanager
async def broken(service: Service) -> AsyncIterator[CuttingProxy]:
    road = cutting_proxy(service.settings.app_port, most_bytes=MOST_BETWEEN_CUTS_BYTES, seed=7, pause_s=0.001)
    async with road as proxy:
        yield proxy


def padded(clip: Path, target: Path, size_bytes: int) -> str:
    """Make a valid video of a size, most of which readers pass over; return its SHA-256."""
    video = clip.read_bytes()
    left = size_bytes - len(video)
    digest = hashlib.sha256()
    with target.open("wb") as file:
        block = video + left.to_bytes(4, "big") + b"free"
        left -= 8
        while block:
            file.write(block)
            digest.update(block)
            block = os.urandom(min(BLOCK_BYTES, left))
            left -= len(block)
    return digest.hexdigest()

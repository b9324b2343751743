"""nginx in front of a service, with the configuration that compose uses."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.support import needs
from tests.support.processes import PATIENCE_S
from tests.support.service import Service, free_port, http_client

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"


@asynccontextmanager
async def nginx_before(service: Service, folder: Path) -> AsyncIterator[str]:
    """nginx, with what it writes in a folder; gives the address where it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    path = configured(folder, port=port, api=service.url, media=service.settings.media_path)
    async with http_client(url) as client, running(path, client):
        yield url


def configured(folder: Path, *, port: int, api: str, media: Path) -> Path:
    """The configuration with the marked lines changed, as an operator would."""
    text = CONFIGURATION.read_text()
    changes = {
        " /tmp/": f" {folder}/",
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "set $api http://api:8000;": f"set $api {api};",
        "alias /data/media/;": f"alias {media}/;",
    }
    if os.geteuid() == 0:  # else its workers are others, who may not read
        changes["worker_processes auto;"] = f"worker_processes 2;\nuser {getpass.getuser()};"
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


@asynccontextmanager
async def running(configuration: Path, client: httpx.AsyncClient) -> AsyncIterator[None]:
    """nginx as a configuration says. `client`: reaches it."""
    nginx = await asyncio.create_subprocess_exec(needs.program("nginx"), "-e", "stderr", "-c", configuration)
    try:
        await _answering(client, nginx)
        yield
    finally:
        if nginx.returncode is None:
            nginx.terminate()
        await nginx.wait()


async def _answering(client: httpx.AsyncClient, nginx: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while nginx.returncode is None:
            try:
                await client.get("/health")
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return
    raise AssertionError(f"nginx ended with {nginx.returncode}")

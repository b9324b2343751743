"""The clients of tus that people have: each sends one file to an endpoint, by a token to upload."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from tests.support import npm
from tests.support.browser import browser
from tests.support.npm import told

SOURCES = Path(__file__).parents[1] / "uploaders"
PAGE = SOURCES / "uppy.html"
WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Road:
    """Where a client sends what, and by which right."""

    endpoint: str
    file: Path
    token: str
    page: str
    """Of Uppy, served with the file as `video`."""
    reported: Awaitable[bytes]

    @property
    def put(self) -> str:
        """Where the same is sent as one PUT, by no client of tus."""
        return f"{self.endpoint.removesuffix('/uploads')}/videos?filename=plain.mov"


class Sent(msgspec.Struct, frozen=True):
    """What a client says when it has sent its file."""

    video_id: str
    took_s: float
    """By its own clock, from when it had the file to the answer to its last byte."""


async def with_tus_js_client(road: Road) -> Sent:
    return await _in_node("with_tus_js_client.js", road.endpoint, road)


async def with_node(road: Road) -> Sent:
    """As one PUT, by Node's own HTTP."""
    return await _in_node("with_http.js", road.put, road)


async def _in_node(name: str, address: str, road: Road) -> Sent:
    folder = await npm.installed("uploaders", SOURCES)
    script = shutil.copy(SOURCES / name, folder)
    argv = ("node", script, address, road.file, road.token)
    return msgspec.json.decode(await told(*argv, cwd=folder, within_s=WITHIN_S), type=Sent)


async def with_tuspy(road: Road) -> Sent:
    return await _in_python("with_tuspy.py", road.endpoint, road)


async def with_requests(road: Road) -> Sent:
    """As one PUT, by the library that tuspy sends with."""
    return await _in_python("with_requests.py", road.put, road)


async def _in_python(name: str, address: str, road: Road) -> Sent:
    argv = (sys.executable, SOURCES / name, address, road.file, road.token)
    return msgspec.json.decode(await told(*argv, cwd=SOURCES, within_s=WITHIN_S), type=Sent)


async def with_uppy(road: Road) -> Sent:
    """In Chromium, from a page of another origin."""
    return await _in_chromium(road, endpoint=road.endpoint)


async def with_fetch(road: Road) -> Sent:
    """In Chromium, from the same page, as one PUT."""
    return await _in_chromium(road, put=road.put)


async def _in_chromium(road: Road, **asked: str) -> Sent:
    query = urlencode({"token": road.token, **asked})
    async with browser(f"{road.page}/?{query}", road.file.parent / f"profile-{road.token}"), asyncio.timeout(WITHIN_S):
        found = json.loads(await road.reported)
    assert "error" not in found, found
    return msgspec.convert(found, Sent)


async def bundled(target: Path) -> None:
    """Uppy as one script, as a page's own build makes it."""
    folder = await npm.installed("uploaders", SOURCES)
    script = shutil.copy(SOURCES / "with_uppy.js", folder)
    esbuild = folder / "node_modules" / ".bin" / "esbuild"
    await told(esbuild, script, "--bundle", f"--outfile={target}", "--log-level=error", cwd=folder)

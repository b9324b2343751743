"""The clients of tus that people have, beside one PUT of the same file: 1 GiB through nginx, configured as it ships."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import clips
from benchmarks.processes import TreeTime, own_s, tree
from benchmarks.report import Figure, ratios
from benchmarks.running import running
from benchmarks.uploads import LEAST, MIB, Client
from tests.support.browser import page_server
from tests.support.nginx import nginx_before
from tests.support.service import Service, free_port
from tests.support.upload_clients import (
    PAGE,
    Road,
    Sent,
    bundled,
    with_fetch,
    with_node,
    with_requests,
    with_tus_js_client,
    with_tuspy,
    with_uppy,
)

SIZE_BYTES = 2**30
ROUNDS = 5
LOOK_S, USE_LOOK_S = 0.01, 0.2


async def _plain(road: Road) -> Sent:
    """The kernel reads the file and sends it: no client takes less of the machine."""
    client = Client(urlsplit(road.endpoint).port or 0, road.file)
    began = time.perf_counter()
    put = ("PUT", "/videos?filename=plain.mov")
    await asyncio.to_thread(client.send, client.connected(), *put, count=client.size_bytes)
    return Sent(video_id="", took_s=time.perf_counter() - began)


CLIENTS: dict[str, Callable[[Road], Awaitable[Sent]]] = {
    "one PUT": _plain,
    "one PUT by Chromium": with_fetch,
    "Uppy in Chromium": with_uppy,
    "one PUT by Node": with_node,
    "tus-js-client in Node": with_tus_js_client,
    "one PUT by requests": with_requests,
    "tuspy": with_tuspy,
}
BESIDE = {
    "Uppy in Chromium": "one PUT by Chromium",
    "tus-js-client in Node": "one PUT by Node",
    "tuspy": "one PUT by requests",
}
"""What each sends with, by itself: no browser and no interpreter is as fast as a kernel that sends a file."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """By each time that a client sent the file."""

    wall_s: list[float] = field(default_factory=list)
    api_s: list[float] = field(default_factory=list)
    client_part: list[float] = field(default_factory=list)
    """The client's processor time, of the time that it took: 1 is a core."""


def _used_s(but: set[int]) -> float:
    """Processor time of this process and all its children so far, but of some of them: the service's."""
    all_s, *of_service = (time.ours_s + time.waited_s for time in map(TreeTime.of, (os.getpid(), *but)))
    return all_s - sum(of_service)


async def _sent(name: str, road: Road, service: Service, taken: _Taken) -> None:
    """`taken` gets what it took from its first request on: what a client starts with before is its own affair."""
    incoming = service.settings.media_path / ("uploads" if name not in BESIDE else "incoming")
    there = set(incoming.iterdir())
    of_service = {pid for pid, stat in tree(os.getpid()).items() if stat.parent == os.getpid()}
    api_s = own_s(service.api.pid)
    sending = asyncio.ensure_future(CLIENTS[name](road))
    while not sending.done() and not set(incoming.iterdir()) - there:
        await asyncio.sleep(LOOK_S)
    before_s = used_s = _used_s(of_service)
    while not sending.done():  # a browser's processes are lost to its time when it ends
        used_s = max(used_s, _used_s(of_service))
        await asyncio.wait([sending], timeout=USE_LOOK_S)
    sent = await sending
    taken.wall_s.append(sent.took_s)
    taken.api_s.append(own_s(service.api.pid) - api_s)
    taken.client_part.append((used_s - before_s) / sent.took_s)


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.huge, folder / "huge.mov", size_bytes=SIZE_BYTES)
    script = folder / "uppy.js"
    await bundled(script)
    found = {name: _Taken() for name in CLIENTS}
    port = free_port()
    (nginx := folder / "nginx").mkdir()
    async with (
        running(folder, CORS_ORIGINS=f"http://127.0.0.1:{port}") as live,
        nginx_before(live.service, nginx) as url,
    ):
        for _ in range(ROUNDS):
            for name, taken in found.items():
                token = (await live.service.client.post("/tokens", json={"purpose": "upload"})).json()["token"]
                async with page_server(PAGE, {"uppy.js": script, "video": clip}, port=port) as (page, reported):
                    road = Road(f"{url}/uploads", clip, token, page, reported)
                    await _sent(name, road, live.service, taken)
    return _figures(found, clip.stat().st_size / MIB)


def _figures(found: dict[str, _Taken], size_mib: float) -> list[Figure]:
    (plain, of_plain), *others = found.items()
    figures = [
        Figure.median(f"{plain}: speed", [size_mib / taken_s for taken_s in of_plain.wall_s], "MiB/s"),
        Figure.median("  processor time of the API", of_plain.api_s, "s"),
        Figure.median("  the client's own, of the time it took", of_plain.client_part, "cores"),
    ]
    for name, taken in others:
        beside = BESIDE.get(name, plain)
        limit = 1 / LEAST if name in BESIDE else None
        slower = ratios(taken.wall_s, found[beside].wall_s)
        figures += [
            Figure.median(f"{name}: time / that of {beside}, in turns", slower, "", limit=limit),
            Figure("  the best of each", min(taken.wall_s) / min(found[beside].wall_s), "", limit),
            Figure.median("  processor time of the API / the plain one's", ratios(taken.api_s, of_plain.api_s), ""),
            Figure.median("  the client's own, of the time it took", taken.client_part, "cores"),
        ]
    return figures

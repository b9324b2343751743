"""Imports: from an address to a video, beside curl, which fetches the same file and does no more."""

from __future__ import annotations

import asyncio
import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import clips
from benchmarks.processes import run
from benchmarks.report import Figure
from benchmarks.running import Running, processor_s, processor_since, running

SIZE_BYTES = 256 * 2**20
MIB = 2**20
ROUNDS = 8


class _Files(http.server.SimpleHTTPRequestHandler):
    """Has the kernel send them: it takes next to nothing of the machine that is measured."""

    protocol_version = "HTTP/1.1"

    def copyfile(self, source: object, outputfile: object) -> None:
        self.wfile.flush()
        self.connection.sendfile(source)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, name="file server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def measure(folder: Path) -> list[Figure]:
    (folder / "served").mkdir()
    clip = await asyncio.to_thread(clips.huge, folder / "served" / "huge.mov", size_bytes=SIZE_BYTES)
    outbound = {"OUTBOUND_ALLOWED": "127.0.0.1", "OUTBOUND_PORTS": "1024-65535"}
    with _serving(clip.parent) as server:
        async with running(folder, **outbound) as live:
            curled_s, curl_used_s, imported_s, used_s = [], [], [], []
            for _ in range(ROUNDS):
                curl = ["curl", "-sS", "--noproxy", "*", "-o", str(folder / "curled.mov"), f"{server}/{clip.name}"]
                curled = await run(curl, cwd=folder)
                curled_s.append(curled.wall_s)
                curl_used_s.append(curled.cpu_s)
                took_s, cpu_s = await _imported(live, f"{server}/{clip.name}")
                imported_s.append(took_s)
                used_s.append(cpu_s)
    size_mib = clip.stat().st_size / MIB
    return [
        Figure("curl: speed", size_mib / min(curled_s), "MiB/s"),
        Figure("curl: processor time", 1000 * min(curl_used_s), "ms"),
        Figure("an import, from the 202 to SUCCESS: speed", size_mib / min(imported_s), "MiB/s"),
        Figure("  its time / curl's", min(imported_s) / min(curled_s), ""),
        Figure("  processor time of API and worker with all their children", 1000 * min(used_s), "ms"),
        Figure("  to curl's", min(used_s) / min(curl_used_s), ""),
    ]


async def _imported(live: Running, url: str) -> tuple[float, float]:
    """How long it took, and of the processor."""
    before_s = processor_s(live)
    answer = await live.service.client.post("/videos/import", json={"url": url})
    job_id: str = answer.raise_for_status().json()["job_id"]
    await live.commits.final(live.service, job_id)
    commits = await live.commits.of(job_id)
    return commits[-1] - commits[0], await processor_since(live, before_s)

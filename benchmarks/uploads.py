"""Uploads that resume, beside the plain one of the same file: in pieces, in parts at once, and as one request."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import clips
from benchmarks.processes import own_s
from benchmarks.report import Figure
from benchmarks.running import running

SIZE_BYTES = 256 * 2**20
CHUNK_BYTES = 8 * 2**20
PARTS = 4
ROUNDS = 8
MIB = 2**20
LEAST = 0.8
"""Of the plain upload's speed."""
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Client:
    """Sends pieces of one file over a connection of its own, and reads it no more than the kernel does."""

    port: int
    file: Path

    @property
    def size_bytes(self) -> int:
        return self.file.stat().st_size

    def connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        at: int = 0,
        count: int = 0,
    ) -> http.client.HTTPResponse:
        connection.putrequest(method, path)
        for name, value in {**(headers or {}), "Content-Length": str(count)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        if count:
            with self.file.open("rb") as file:
                connection.sock.sendfile(file, at, count)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status not in (201, 204):
            raise RuntimeError(f"{method} {path}: {answer.status} {body.decode()}")
        return answer

    def begin(self, connection: http.client.HTTPConnection, **headers: str) -> str:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return str(self.send(connection, "POST", "/uploads", {**TUS, **given}).headers["location"])

    def append(self, connection: http.client.HTTPConnection, upload: str, at: int, offset: int, count: int) -> None:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        self.send(connection, "PATCH", upload, headers, at=at, count=count)


def _plain(client: Client) -> None:
    client.send(client.connected(), "PUT", "/videos?filename=plain.mov", count=client.size_bytes)


def _as_one(client: Client) -> None:
    connection = client.connected()
    upload = client.begin(connection, Upload_Length=str(client.size_bytes))
    client.append(connection, upload, 0, 0, client.size_bytes)


def _in_chunks(client: Client) -> None:
    connection = client.connected()
    upload = client.begin(connection, Upload_Length=str(client.size_bytes))
    for at in range(0, client.size_bytes, CHUNK_BYTES):
        client.append(connection, upload, at, at, min(CHUNK_BYTES, client.size_bytes - at))


def _in_parts(client: Client) -> None:
    """As tus-js-client does with `parallelUploads`."""
    size = -(-client.size_bytes // PARTS)

    def part(number: int) -> str:
        connection, at = client.connected(), number * size
        count = min(size, client.size_bytes - at)
        upload = client.begin(connection, Upload_Length=str(count), Upload_Concat="partial")
        client.append(connection, upload, at, 0, count)
        return upload

    with ThreadPoolExecutor(PARTS) as threads:
        parts = list(threads.map(part, range(PARTS)))
    client.begin(client.connected(), Upload_Concat=f"final;{' '.join(parts)}")


WAYS: dict[str, Callable[[Client], None]] = {
    "one PUT": _plain,
    "tus, one PATCH": _as_one,
    f"tus, chunks of {CHUNK_BYTES // MIB} MiB": _in_chunks,
    f"tus, {PARTS} parts at once": _in_parts,
}


async def measure(folder: Path) -> list[Figure]:
    clip = await asyncio.to_thread(clips.huge, folder / "huge.mov", size_bytes=SIZE_BYTES)
    async with running(folder) as live:
        client = Client(live.service.settings.app_port, clip)
        taken_s: dict[str, list[float]] = {name: [] for name in WAYS}
        used_s: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(ROUNDS):
            for name, upload in WAYS.items():
                before_s, began = own_s(live.service.api.pid), time.perf_counter()
                await asyncio.to_thread(upload, client)
                taken_s[name].append(time.perf_counter() - began)
                used_s[name].append(own_s(live.service.api.pid) - before_s)
    plain, *others = WAYS
    size_mib = client.size_bytes / MIB
    figures = [
        Figure(f"{plain}: speed", size_mib / min(taken_s[plain]), "MiB/s"),
        Figure(f"{plain}: processor time of the API", 1000 * min(used_s[plain]), "ms"),
    ]
    for name in others:
        slower = [with_it / without for with_it, without in zip(taken_s[name], taken_s[plain], strict=True)]
        figures += [
            Figure.median(f"{name}: time / the plain one's, in turns", slower, "", limit=1 / LEAST),
            Figure(
                f"  the best of each ({size_mib / min(taken_s[name]):.0f} MiB/s)",
                min(taken_s[name]) / min(taken_s[plain]),
                "",
                1 / LEAST,
            ),
            Figure("  processor time of the API / the plain one's", min(used_s[name]) / min(used_s[plain]), ""),
        ]
    return figures

"""Memory: does anything of ours grow with the size of a file? 2 GiB go in, are probed, trimmed, and go out again."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks import clips, processes
from benchmarks.report import Figure
from benchmarks.running import Running, running

SIZE_BYTES = 2 * 2**30
RANGE_BYTES = 64 * 2**20
HOURS = 6
MIB = 2**20
LIMIT_MIB = 64
REST_S = 2.0


class Phases:
    """Runs one phase after the other and notes how far memory rises over what the idle service held."""

    def __init__(self, running: Running) -> None:
        self.api = running.service.api.pid
        self.worker = running.worker.pid
        self.figures: list[Figure] = []

    async def rest(self) -> None:
        await asyncio.sleep(REST_S)
        with processes.watched(self.api, self.worker) as self.idle:
            for pid in (self.api, self.worker):
                processes.forget_peak(pid)
            await asyncio.sleep(0.5)
        self.idle_peak = {pid: processes.peak_bytes(pid) for pid in (self.api, self.worker)}
        for name, pid in (("API", self.api), ("worker", self.worker)):
            note = f"with its prober {self.idle.own[pid] / MIB:.0f} (PSS)"
            self.figures.append(Figure(f"{name}, idle", self.idle_peak[pid] / MIB, "MiB", note=note))

    async def phase(self, name: str, act: Callable[[], Awaitable[str]], *, limited_probe: bool = True) -> None:
        """`limited_probe`: the promise holds for the prober too, which reads the list of all frames into memory."""
        for pid in (self.api, self.worker):
            processes.forget_peak(pid)
        with processes.watched(self.api, self.worker) as seen:
            note = await act()
        works = seen.ffmpeg[self.worker] > 0
        for who, pid in (("API", self.api), ("worker", self.worker)) if works else (("API", self.api),):
            rise = processes.peak_bytes(pid) - self.idle_peak[pid]
            self._add(f"{name}: {who} over idle", rise, LIMIT_MIB, note if who == "API" else "")
            tree = seen.own[pid] - self.idle.own[pid]
            self._add("  with its prober (PSS)", tree, LIMIT_MIB if limited_probe else None)
        if works:
            ffmpeg = seen.ffmpeg[self.worker]
            self._add(f"{name}: ffmpeg itself (PSS)", ffmpeg, None, "buffers of decoder and encoder, by picture size")

    def _add(self, what: str, size_bytes: int, limit: float | None, note: str = "") -> None:
        self.figures.append(Figure(what, size_bytes / MIB, "MiB", limit, note))


async def measure(folder: Path) -> list[Figure]:
    source = await asyncio.to_thread(clips.huge, folder / "huge.mov", size_bytes=SIZE_BYTES)
    endless = await asyncio.to_thread(clips.many_frames, folder / "endless.mp4", hours=HOURS)
    async with running(folder) as live:
        service, phases = live.service, Phases(live)
        await phases.rest()
        video: dict[str, Any] = {}

        async def upload() -> str:
            began = time.perf_counter()
            video.update(await service.upload(source))
            return _rate(source.stat().st_size, began)

        async def upload_endless() -> str:
            frames = (await service.upload(endless))["media_info"]["video"][0]["frame_count"]
            return f"{frames} frames"

        async def trim() -> str:
            job_id = await service.trim(video["id"], 5, 7)
            await live.commits.final(service, job_id)
            return "2 s of 1080p"

        async def download(size_bytes: int, headers: dict[str, str], status: int) -> tuple[str, str]:
            began, digest, seen = time.perf_counter(), hashlib.sha256(), 0
            async with service.client.stream("GET", f"/videos/{video['id']}/download", headers=headers) as answer:
                if answer.status_code != status:
                    raise RuntimeError(f"status {answer.status_code}")
                async for chunk in answer.aiter_raw():
                    seen += len(chunk)
                    digest.update(chunk)
            if seen != size_bytes:
                raise RuntimeError(f"{seen} bytes came, expected {size_bytes}")
            return digest.hexdigest(), _rate(size_bytes, began)

        async def ranged() -> str:
            first = SIZE_BYTES // 2
            _, note = await download(RANGE_BYTES, {"Range": f"bytes={first}-{first + RANGE_BYTES - 1}"}, 206)
            return note

        async def whole() -> str:
            sha256, note = await download(source.stat().st_size, {}, 200)
            if sha256 != video["sha256"]:
                raise RuntimeError("the download differs from the upload")
            return note

        await phases.phase("upload and probe", upload)
        await phases.phase("trim", trim)
        await phases.phase("ranged download", ranged)
        await phases.phase("whole download", whole)
        await phases.phase(f"upload of {HOURS} h at 60 frames/s", upload_endless, limited_probe=False)
    return phases.figures


def _rate(size_bytes: int, began: float) -> str:
    """Throughput as this client, which shares the machine, sees it."""
    return f"{size_bytes / MIB:.0f} MiB at {size_bytes / MIB / (time.perf_counter() - began):.0f} MiB/s"

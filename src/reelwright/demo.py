"""`reelwright demo`: a video's whole way through the service, for people to watch, over HTTP like any client."""

from __future__ import annotations

import asyncio
import shlex
import socket
from math import inf
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from httpx_sse import aconnect_sse
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from reelwright.media.ffmpeg import executable
from reelwright.media.sandbox import contained
from reelwright.settings import Settings
from reelwright.up import alongside, answering, base_url, service

SAMPLE_SECONDS = 20
SAMPLE_SIZE = "1280x720"

console = Console(highlight=False, markup=False, soft_wrap=True)


async def demo(settings: Settings, video: Path | None, start: float | None, end: float | None, output: Path) -> Path:
    """Start the service on a free port, upload, trim, follow, download into `output`. Returns the result's path.

    `start`, `end`: seconds; None: some seconds near the beginning. Raises ClickException where that does not work out,
    and what `service` raises.
    """
    by_hand = base_url(settings)
    settings = msgspec.structs.replace(settings, app_host="127.0.0.1", app_port=_free_port())
    url = f"http://{settings.app_host}:{settings.app_port}"
    log = output / "service.log"
    try:
        with log.open("wb") as lines:
            console.print(f"Starting database, API and worker (log: {log}) ...")
            # Nothing is lost with a job that is cut short: whoever starts the service next goes on with it.
            own = {"API_ROOT_PATH": "", "AUTH": "off", "SHUTDOWN_GRACE_S": "0"}
            own |= {"APP_HOST": settings.app_host, "APP_PORT": str(settings.app_port)}
            async with service(settings, environment=own, output=lines) as running:
                await alongside(running, answering(url))
                source = video or await make_sample(settings, output)
                async with httpx.AsyncClient(base_url=url, timeout=600, trust_env=False) as client:
                    return await alongside(
                        running, _tour(client, source, start, end, output, by_hand, ", while `make up` runs")
                    )
    except httpx.HTTPError as error:
        reason = f"{type(error).__name__} {error}".strip()
        raise click.ClickException(f"the service does not answer any more ({reason}): see {log}") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror or error}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def demo_at(
    url: str, settings: Settings, video: Path | None, start: float | None, end: float | None, output: Path
) -> Path:
    """As `demo`, with the service that answers at `url`. Raises ClickException where that does not work out."""
    try:
        source = video or await make_sample(settings, output)
        async with httpx.AsyncClient(base_url=url, timeout=600, trust_env=False) as client:
            return await _tour(client, source, start, end, output, url.rstrip("/"))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = f"{type(error).__name__} {error}".strip()
        raise click.ClickException(f"{url} does not answer ({reason})") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror or error}") from error


async def make_sample(settings: Settings, folder: Path) -> Path:
    """A test picture with a running clock and a tone, made by ffmpeg."""
    target = (folder / "sample.mp4").absolute()
    console.print(f"Making a sample video: {target}")
    process = await contained.start(
        [
            *(str(executable.ffmpeg_path(settings)), "-nostdin", "-v", "error", "-y"),
            *("-f", "lavfi", "-i", f"testsrc2=size={SAMPLE_SIZE}:rate=25:duration={SAMPLE_SECONDS}"),
            *("-f", "lavfi", "-i", f"sine=frequency=440:beep_factor=4:duration={SAMPLE_SECONDS}"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"),
            *("-movflags", "+faststart", f"file:{target}"),
        ],
        limits=contained.Limits(children=False),
        access=contained.Access(write=(target.parent,)),
        cwd=target.parent,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, output = await process.communicate()
    finally:
        await contained.stop(process)
    if process.returncode != 0:
        raise click.ClickException(f"ffmpeg could not make a sample: {output.decode(errors='replace').strip()}")
    return target


async def _tour(
    client: httpx.AsyncClient,
    source: Path,
    start: float | None,
    end: float | None,
    output: Path,
    by_hand: str,
    provided: str = "",
) -> Path:
    """`by_hand`: where people reach the service with the commands that are printed, `provided` what they do before."""
    video = await _upload(client, source)
    console.print(
        f"Uploaded   {video['original_filename']}: {video['width']}x{video['height']}, {video['duration_sec']} s, "
        f"{video['size_bytes']:,} bytes"
    )
    length = float(video["duration_sec"] or inf)
    if start is None:
        start = 1.0 if length >= 2 and (end is None or end > 1) else 0.0
    if start >= length:
        raise click.ClickException(f"--start {start:g} is not before the end of the video, which lasts {length:g} s")
    if end is None:
        end = min(start + 5.0, length)
    request = {"video_id": video["id"], "start": start, "end": end}
    job = _answer(await client.post("/trim", json=request))
    await _follow(client, job["job_id"])
    target = output / f"{Path(video['original_filename']).stem or 'video'}-trim.mp4"
    await _download(client, f"/result/{job['job_id']}", target)
    finished = _answer(await client.get(f"/jobs/{job['job_id']}"))
    (variant,) = (
        variant
        for variant in _answer(await client.get(f"/videos/{video['id']}/variants"))
        if variant["id"] == finished["output_variant_id"]
    )
    console.print(f"Downloaded {target}: {variant['duration_sec']} s, {target.stat().st_size:,} bytes")
    console.print(f"\nThe same by hand{provided}:\n")
    for line in (
        f"curl -F file=@{shlex.quote(str(source))} {by_hand}/videos/upload",
        f"curl {by_hand}/trim -H 'content-type: application/json' "
        f'-d \'{{"video_id": "<id>", "start": {start:g}, "end": {end:g}}}\'',
        f"curl -N {by_hand}/jobs/<job_id>/events",
        f"curl -o trimmed.mp4 {by_hand}/result/<job_id>",
    ):
        console.print("    " + line)
    return target


async def _upload(client: httpx.AsyncClient, source: Path) -> dict[str, Any]:
    with source.open("rb") as file:
        current: dict[str, Any] = _answer(
            await client.post("/videos/upload", files={"file": (source.name, file, "application/octet-stream")})
        )
    return current


async def _follow(client: httpx.AsyncClient, job_id: str) -> None:
    """A progress bar from the job's event stream. Raises ClickException when the job does not succeed."""
    bar = Progress(
        TextColumn("Trimming  "), BarColumn(40), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.description}"), TimeElapsedColumn(), console=console,
    )  # fmt: skip
    with bar:
        task = bar.add_task("waiting", total=100)
        async with aconnect_sse(client, "GET", f"/jobs/{job_id}/events") as stream:
            await _require(stream.response)
            async for event in stream.aiter_sse():
                if event.event == "progress":
                    data = msgspec.json.decode(event.data)
                    bar.update(task, completed=data["progress"], description=data["stage"] or data["status"].lower())
    ended = _answer(await client.get(f"/status/{job_id}"))
    if ended["status"] != "SUCCESS":
        raise click.ClickException(f"the job ended as {ended['status']}: {ended['error_message']}")


async def _download(client: httpx.AsyncClient, path: str, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    async with client.stream("GET", path) as response:
        await _require(response)
        try:
            with part.open("wb") as file:
                async for chunk in response.aiter_bytes(1 << 20):
                    await asyncio.to_thread(file.write, chunk)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


async def _require(response: httpx.Response) -> None:
    """Raises ClickException with the problem when a streamed answer is none that was hoped for."""
    if not response.is_success:
        await response.aread()
        _answer(response)


def _answer(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises ClickException with what a problem document says (RFC 9457)."""
    if response.is_success:
        return msgspec.json.decode(response.content)
    try:
        detail = msgspec.json.decode(response.content)["detail"]
    except (msgspec.DecodeError, KeyError, TypeError):
        detail = response.text
    asked = f"{response.request.method} {response.request.url.path}"
    raise click.ClickException(f"{asked} is answered with {response.status_code}: {detail}")

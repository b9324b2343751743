"""Which ffmpeg is run: the configured one, else the bundled one; asked what it is, contained as jobs are."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import imageio_ffmpeg

from reelwright.errors import MediaProcessFailed
from reelwright.media.sandbox import contained
from reelwright.settings import Settings

_VERSION = re.compile(r"ffmpeg version (\S+)", re.ASCII)


def ffmpeg_path(settings: Settings) -> Path:
    """The configured program, else the bundled one. A path, or a name that PATH knows.

    The plain word "ffmpeg" means whichever there is: the bundled one, where PATH has none.
    """
    if settings.ffmpeg_bin == "ffmpeg" and shutil.which("ffmpeg") is None:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    return Path(settings.ffmpeg_bin or imageio_ffmpeg.get_ffmpeg_exe())


async def version(settings: Settings) -> str:
    """ffmpeg's own. Raises MediaProcessFailed when it does not run here."""
    return release(await ask(settings, "-version"))


def release(build: str) -> str:
    found = _VERSION.search(build)
    if found is None:
        raise MediaProcessFailed("FFMPEG_BIN is not an ffmpeg program", code="cannot_start")
    return found[1]


async def build(settings: Settings) -> str:
    """Return what ffmpeg says of its version, compiler and libraries. Raises MediaProcessFailed."""
    return await said_once(settings, "-version")


_SAID: dict[tuple[tuple[Path, tuple[int, ...]], tuple[str, ...]], str] = {}


async def said_once(settings: Settings, *options: str) -> str:
    """What ffmpeg says of itself, asked once for each state of the program."""
    try:
        asked = program_state(settings), options
    except OSError:  # then `ask` says that it is not there
        return await ask(settings, *options)
    if asked not in _SAID:
        _SAID[asked] = await ask(settings, *options)
    return _SAID[asked]


def program_state(settings: Settings) -> tuple[Path, tuple[int, ...]]:
    """Return where ffmpeg is, and what changes when it is replaced. Raises OSError."""
    program = Path(shutil.which(ffmpeg_path(settings)) or ffmpeg_path(settings))
    status = program.stat()
    return program, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


async def ask(settings: Settings, *options: str, access: contained.Access | None = None) -> str:
    """Run ffmpeg, contained, and return what it says. Raises MediaProcessFailed when it fails, TimeoutError."""
    process = await contained.start(
        [str(ffmpeg_path(settings)), "-hide_banner", *options],
        limits=contained.Limits(memory_bytes=settings.media_memory_bytes, cpu_s=20, children=False),
        access=access or contained.Access(),
        cwd=Path("/"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        await contained.stop(process)
    if process.returncode != 0:
        raise MediaProcessFailed(
            f"ffmpeg does not run here: {output.decode(errors='replace').strip()[-300:]}", code="cannot_start"
        )
    return output.decode(errors="replace")

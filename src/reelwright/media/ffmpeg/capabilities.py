"""Which ffmpeg runs here, and what it can do."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import imageio_ffmpeg
import msgspec

from reelwright import machine_limits, source_codecs
from reelwright.edits.codecs import ENCODERS
from reelwright.errors import MediaProcessFailed
from reelwright.media.sandbox import contained
from reelwright.settings import Settings

_VERSION = re.compile(r"ffmpeg version (\S+)", re.ASCII)
MAX_THREADS = 16


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine's ffmpeg can do."""

    ffmpeg_version: str
    threads: int
    tone_mapping: bool
    encoders: tuple[str, ...] = ENCODERS
    """Those of ours that it has."""
    hardware: tuple[str, ...] = ()
    """Encoders in hardware that have coded a picture here."""
    packet_reports: bool = True
    """Whether it can tell of each packet (6.0 or newer)."""
    max_pixels: int = 2 * 8192 * 4320
    """Largest picture that is decoded. Codecs round sizes up: more than a probe lets in."""
    rubberband: bool = False
    """Whether it can stretch sound in time to the millisecond."""
    decoders: str = source_codecs.whitelist(source_codecs.VIDEO)
    """That may be opened for an untrusted file."""


def ffmpeg_path(settings: Settings) -> Path:
    """The configured program, else the bundled one. A path, or a name that PATH knows.

    The plain word "ffmpeg" means whichever there is: the bundled one, where PATH has none.
    """
    if settings.ffmpeg_bin == "ffmpeg" and shutil.which("ffmpeg") is None:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    return Path(settings.ffmpeg_bin or imageio_ffmpeg.get_ffmpeg_exe())


async def version(settings: Settings) -> str:
    """ffmpeg's own. Raises MediaProcessFailed when it does not run here."""
    return _release(await ask(settings, "-version"))


def _release(build: str) -> str:
    found = _VERSION.search(build)
    if found is None:
        raise MediaProcessFailed("FFMPEG_BIN is not an ffmpeg program", code="cannot_start")
    return found[1]


async def capabilities(settings: Settings) -> Capabilities:
    """Ask ffmpeg. Raises MediaProcessFailed when it does not run here."""
    said, filters, encoders, options = await asyncio.gather(
        build(settings),
        _listed(settings, "-filters"),
        _listed(settings, "-encoders"),
        _listed(settings, "-h", "long"),
    )
    names, coders = _names(filters), _names(encoders)
    return Capabilities(
        ffmpeg_version=_release(said),
        threads=settings.ffmpeg_threads or min(machine_limits.cores(), MAX_THREADS),
        tone_mapping={"zscale", "tonemap"} <= names,
        rubberband="rubberband" in names,
        encoders=tuple(encoder for encoder in ENCODERS if encoder in coders),
        packet_reports="-stats_mux_pre" in options,
        max_pixels=2 * settings.max_pixels,
        decoders=source_codecs.whitelist((*settings.video_codecs, *source_codecs.OURS)),
    )


async def build(settings: Settings) -> str:
    """Return what ffmpeg says of its version, compiler and libraries. Raises MediaProcessFailed."""
    return await _listed(settings, "-version")


async def listed_encoders(settings: Settings) -> set[str]:
    """Return the encoders that ffmpeg was built with. Raises MediaProcessFailed."""
    return _names(await _listed(settings, "-encoders"))


_LISTED: dict[tuple[tuple[Path, tuple[int, ...]], tuple[str, ...]], str] = {}


async def _listed(settings: Settings, *options: str) -> str:
    """What ffmpeg says of itself, asked once for each state of the program."""
    try:
        asked = program_state(settings), options
    except OSError:  # then `ask` says that it is not there
        return await ask(settings, *options)
    if asked not in _LISTED:
        _LISTED[asked] = await ask(settings, *options)
    return _LISTED[asked]


def program_state(settings: Settings) -> tuple[Path, tuple[int, ...]]:
    """Return where ffmpeg is, and what changes when it is replaced. Raises OSError."""
    program = Path(shutil.which(ffmpeg_path(settings)) or ffmpeg_path(settings))
    status = program.stat()
    return program, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _names(listing: str) -> set[str]:
    """The second column."""
    return {words[1] for line in listing.splitlines() if len(words := line.split()) > 2}


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

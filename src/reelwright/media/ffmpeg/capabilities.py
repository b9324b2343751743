"""What the settings say of the media programs: which ffmpeg runs here and what it can do, what a probe lets in."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import tempfile
from pathlib import Path

import imageio_ffmpeg

from reelwright import source_codecs
from reelwright.errors import MediaProcessFailed
from reelwright.media.encoders import hardware
from reelwright.media.encoders.software import ENCODERS
from reelwright.media.ffmpeg.command import Capabilities
from reelwright.media.probe.prober import ProbeRules
from reelwright.media.recipes.sidecars import WEBP_ENCODER
from reelwright.media.sandbox import contained
from reelwright.settings import Settings

logger = logging.getLogger(__name__)

_VERSION = re.compile(r"ffmpeg version (\S+)", re.ASCII)
MOST_THREADS = 16
QUIET = ("-nostdin", "-loglevel", "error")


def ffmpeg_path(settings: Settings) -> Path:
    """The configured program, else the bundled one. A path, or a name that PATH knows.

    The plain word "ffmpeg" means whichever there is: the bundled one, where PATH has none.
    """
    if settings.ffmpeg_bin == "ffmpeg" and shutil.which("ffmpeg") is None:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    return Path(settings.ffmpeg_bin or imageio_ffmpeg.get_ffmpeg_exe())


def probe_rules(settings: Settings) -> ProbeRules:
    return ProbeRules(
        formats=settings.allowed_formats,
        codecs=settings.video_codecs,
        max_pixels=settings.max_pixels,
        max_streams=settings.max_streams,
        max_duration_s=settings.max_duration_s,
        max_frame_rate=settings.max_frame_rate,
        timeout_s=settings.probe_timeout_s,
        memory_bytes=settings.probe_memory_bytes,
        ffmpeg=str(ffmpeg_path(settings)),
    )


async def version(settings: Settings) -> str:
    """ffmpeg's own. Raises MediaProcessFailed when it does not run here."""
    found = _VERSION.search(await _ask(settings, "-version"))
    if found is None:
        raise MediaProcessFailed("FFMPEG_BIN is not an ffmpeg program", code="cannot_start")
    return found[1]


async def capabilities(settings: Settings) -> Capabilities:
    """Ask ffmpeg. Raises MediaProcessFailed when it does not run here."""
    release, filters, encoders, options = await asyncio.gather(
        version(settings),
        _ask(settings, "-filters"),
        _ask(settings, "-encoders"),
        _ask(settings, "-h", "long"),
    )
    names, coders = _names(filters), _names(encoders)
    return Capabilities(
        ffmpeg_version=release,
        threads=settings.ffmpeg_threads or min(len(os.sched_getaffinity(0)), MOST_THREADS),
        tone_mapping={"zscale", "tonemap"} <= names,
        encoders=tuple(encoder for encoder in (*ENCODERS.values(), WEBP_ENCODER) if encoder in coders),
        packet_reports="-stats_mux_pre" in options,
        max_pixels=2 * settings.max_pixels,
        decoders=source_codecs.whitelist((*settings.video_codecs, *source_codecs.OURS)),
    )


async def hardware_encoders(settings: Settings) -> tuple[str, ...]:
    """Those that have coded a picture here, contained as jobs are. Where no device is, nothing is started."""
    listed = _names(await _ask(settings, "-encoders")) if hardware.devices() else set()
    return tuple([encoder for encoder in hardware.candidates(listed) if await encodes(settings, encoder)])


async def encodes(settings: Settings, encoder: str) -> bool:
    """Whether the encoder codes one picture on this machine."""
    try:
        access = contained.Access(read=hardware.descriptions(), devices=hardware.devices())
        await _ask(settings, *hardware.trial(encoder), access=access)
    except (MediaProcessFailed, TimeoutError) as error:
        logger.info("%s does not work here: %s", encoder, error)
        return False
    return True


def _names(listing: str) -> set[str]:
    """The second column."""
    return {words[1] for line in listing.splitlines() if len(words := line.split()) > 2}


async def _ask(settings: Settings, *options: str, access: contained.Access | None = None) -> str:
    """What ffmpeg says. Raises MediaProcessFailed when it fails, TimeoutError."""
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


async def settle(settings: Settings) -> None:
    """Decide, for this process, which system calls media processes may make: as set, or as a trial shows."""
    if settings.system_calls != "auto":
        contained.use_fallback("SYSTEM_CALLS says so" if settings.system_calls == "deny-list" else "")
        return
    if not contained.holds_to_list() or (failure := await _failure(settings)) is None:
        return
    contained.use_fallback(f"with the allow-list this ffmpeg fails ({failure})")
    if await _failure(settings) is not None:  # it is something else
        contained.use_fallback("")
        return
    logger.warning("system calls of media processes are not held to the allow-list: %s", failure)


async def _failure(settings: Settings) -> str | None:
    """Make a few pictures with every encoder that may be used, and read them again: what went wrong."""
    try:
        there = _names(await _ask(settings, "-encoders"))
        encoders = [encoder for encoder in ENCODERS.values() if encoder in there]
        with tempfile.TemporaryDirectory(prefix="reelwright-trial-") as folder:
            made = f"file:{folder}/made.mkv"
            sources = ("-f", "lavfi", "-i", "testsrc2=s=96x64:r=5:d=1", "-f", "lavfi", "-i", "sine=d=1")
            pictures = [
                option
                for number, encoder in enumerate(encoders)
                for option in ("-map", "0:v", f"-c:v:{number}", encoder)
            ]
            coding = (*sources, *pictures, "-map", "1:a", "-threads", "2", made)
            reading = ("-threads", "2", "-i", made, "-map", "0", "-f", "null", "-")
            for arguments in (coding, reading):
                await _ask(settings, *QUIET, *arguments, access=contained.Access(write=(Path(folder),)))
    except MediaProcessFailed as failed:
        return failed.detail
    except (OSError, TimeoutError) as error:  # nowhere to write, or no time: nothing is learnt
        logger.info("system calls cannot be tried: %r", error)
    return None

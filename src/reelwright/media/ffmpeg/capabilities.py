"""What the ffmpeg of this machine can do: encoders, filters, options, threads."""

from __future__ import annotations

import asyncio

import msgspec

from reelwright import machine_limits, source_codecs
from reelwright.edits.codecs import ENCODERS
from reelwright.media.ffmpeg.executable import build, release, said_once
from reelwright.settings import Settings

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


async def capabilities(settings: Settings) -> Capabilities:
    """Ask ffmpeg. Raises MediaProcessFailed when it does not run here."""
    said, filters, encoders, options = await asyncio.gather(
        build(settings),
        said_once(settings, "-filters"),
        said_once(settings, "-encoders"),
        said_once(settings, "-h", "long"),
    )
    names, coders = _names(filters), _names(encoders)
    return Capabilities(
        ffmpeg_version=release(said),
        threads=settings.ffmpeg_threads or min(machine_limits.cores(), MAX_THREADS),
        tone_mapping={"zscale", "tonemap"} <= names,
        rubberband="rubberband" in names,
        encoders=tuple(encoder for encoder in ENCODERS if encoder in coders),
        packet_reports="-stats_mux_pre" in options,
        max_pixels=2 * settings.max_pixels,
        decoders=source_codecs.whitelist((*settings.video_codecs, *source_codecs.OURS)),
    )


async def listed_encoders(settings: Settings) -> set[str]:
    """Return the encoders that ffmpeg was built with. Raises MediaProcessFailed."""
    return _names(await said_once(settings, "-encoders"))


def _names(listing: str) -> set[str]:
    """The second column."""
    return {words[1] for line in listing.splitlines() if len(words := line.split()) > 2}

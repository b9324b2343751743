"""The prober, contained: looks into strangers' files for `Prober`, each in a child of its own (`fork_server`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from reelwright.codecs import VIDEO
from reelwright.media import fork_server
from reelwright.media.examined import Examined
from reelwright.media.system_calls import Kind


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """What is taken and what a look at it may cost. Formats: names of FFmpeg demuxers."""

    formats: tuple[str, ...]
    max_pixels: int
    max_streams: int
    max_duration_s: float
    max_frame_rate: float
    timeout_s: float
    memory_bytes: int
    codecs: tuple[str, ...] = VIDEO
    """Of pictures, by FFmpeg's names of codecs."""
    ffmpeg: str = ""
    """The program that renders, which is asked where it may see a file otherwise; empty: it is not asked."""


def main() -> None:
    from reelwright.media import examine

    examine.warm_up()
    fork_server.serve(probe, Kind.PROBE)


def probe(request: bytes, files: Sequence[int]) -> Examined:
    """What the one file is, by the rules that the request is."""
    from reelwright.media import examine

    (media_fd,) = files
    return examine.examine(media_fd, msgspec.json.decode(request, type=ProbeRules))

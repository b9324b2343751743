"""The prober, contained: looks into strangers' files for `Prober`, each in a child of its own (`fork_server`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from reelwright.media.probe.report import Examined
from reelwright.media.sandbox import fork_server
from reelwright.media.sandbox.system_calls import Kind
from reelwright.source_codecs import VIDEO


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
    from reelwright.media.probe import demux

    demux.warm_up()
    fork_server.serve(probe, Kind.PROBE)


def probe(request: bytes, files: Sequence[int]) -> Examined:
    """What the one file is, by the rules that the request is."""
    from reelwright.media.probe import demux

    (media_fd,) = files
    return demux.examine(media_fd, msgspec.json.decode(request, type=ProbeRules))

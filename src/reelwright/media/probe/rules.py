"""What the probe takes, what a look at a file may cost, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from reelwright.edits.media_info import MediaInfo
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
    sound: bool = False
    """Whether a file of sound alone is meant."""
    text_from_s: str | None = None
    """Where what a video's tracks of text say is meant, and nothing else: when its time line begins, in its own time,
    seconds, exact."""
    ffmpeg: str = ""
    """The program that renders, which is asked where it may see a file otherwise; empty: it is not asked."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    media: MediaInfo
    doubtful: bool
    """Whether the ffmpeg that renders may see the first frame otherwise: at another time, or of another size."""

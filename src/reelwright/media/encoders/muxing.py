"""The end of an output: into which container it is written, and by which name that calls its codec."""

from __future__ import annotations

from collections.abc import Mapping

from reelwright.edits.codecs import Container
from reelwright.edits.outputs import FileOutput

NOWHERE = ("-f", "null", "-")
"""The end of an output that is only looked at."""
_MUXERS: Mapping[Container, tuple[str, ...]] = {
    "mkv": ("-f", "matroska"),
    "webm": ("-f", "webm"),
    "mov": ("-movflags", "+faststart", "-f", "mov"),
    "m4a": ("-movflags", "+faststart", "-f", "ipod"),  # as `mp4`, with the brand by which players know sound alone
    "mp3": ("-f", "mp3"),
    "wav": ("-rf64", "auto", "-f", "wav"),  # beyond 4 GB, WAV has no number for its size
    "flac": ("-f", "flac"),
    "ogg": ("-f", "ogg"),
}


def into(container: Container, slot: str) -> tuple[str, ...]:
    """Return the end of an output's options."""
    if container == "mp4":
        # The index goes to the front, for players that begin while they load: ffmpeg writes the file a second time.
        return ("-movflags", "+faststart", "-f", "mp4", slot)
    return (*_MUXERS[container], slot)


def codec_tag(output: FileOutput) -> tuple[str, ...]:
    """Return by which name MP4 calls its video: of HEVC's two, Apple's players know `hvc1` alone."""
    return ("-tag:v", "hvc1") if (output.pictures.codec, output.container) == ("hevc", "mp4") else ()

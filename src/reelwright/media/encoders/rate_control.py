"""How many bits frames get: a constant look, or a bit rate in one pass or two, in ffmpeg's words for any encoder.

The first of two passes leaves its statistics in files in the work folder, which is where ffmpeg runs: names of ours
need no slot. ffmpeg numbers them by the stream's place among all streams of all outputs, so that both passes must have
the same streams; x265 is told the whole name.
"""

from __future__ import annotations

from dataclasses import dataclass

from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import VideoEncoding

STATISTICS = "statistics"
PEAK, BUFFER_S = 1.5, 2
"""The highest rate, in times the requested one, over so many seconds of it: what players on a network can follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """What an encoder has to know of one output's video."""

    media: MediaInfo
    video: VideoEncoding
    threads: int
    keep_fields: bool = False
    """Whether interlaced frames stay so."""
    output_number: int = 0
    pass_number: int = 2
    """Of two, where there are two."""


def crf_or_rate(video: VideoEncoding) -> tuple[str, ...]:
    """Return the look, held to its limit, or the bit rate: for encoders that take both as they are."""
    if video.bit_rate is None:
        return ("-crf", str(video.crf), *peak_limit(video))
    return average_rate(video)


def average_rate(video: VideoEncoding) -> tuple[str, ...]:
    """Return the bit rate, with the highest that it may rise to."""
    bit_rate = video.bit_rate or 0
    peak, buffer = round(bit_rate * PEAK), bit_rate * BUFFER_S
    return ("-b:v", str(bit_rate), "-maxrate", str(peak), "-bufsize", str(buffer))


def peak_limit(video: VideoEncoding) -> tuple[str, ...]:
    """Return what a constant look may take at most; the buffer is one second of it."""
    if video.peak_bit_rate is None:
        return ()
    return ("-maxrate", str(video.peak_bit_rate), "-bufsize", str(video.peak_bit_rate))


def pass_options(coding: Coding) -> tuple[str, ...]:
    """Return which pass it is, for encoders that ffmpeg tells; x265 has its own words."""
    if not coding.video.two_pass:
        return ()
    return ("-pass", str(coding.pass_number), "-passlogfile", STATISTICS)

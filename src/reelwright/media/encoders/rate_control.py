"""How many bits a picture gets, as options of its encoder: a constant look, or a bit rate in one pass or two.

The first of two passes leaves its statistics in files in the work folder, which is where ffmpeg runs: names of ours
need no slot. ffmpeg numbers them by the stream's place among all streams of all outputs, so that both passes must have
the same streams; x265 is told the whole name.
"""

from __future__ import annotations

from collections.abc import Mapping

from reelwright.edits.edit import VideoEncoding

STATISTICS = "statistics"
PEAK, BUFFER_S = 1.5, 2
"""The highest rate, in times the wanted one, over so many seconds of it: what players on a network can follow."""

FIRST_PASS_SHARE: Mapping[str, float] = {"hevc": 1.0, "vp9": 0.1}
_X264_FIRST_PASS: Mapping[str, float] = {
    "ultrafast": 0.9,
    "superfast": 0.9,
    "veryfast": 0.9,
    "faster": 0.6,
    "fast": 0.5,
    "medium": 0.45,
    "slow": 0.3,
    "slower": 0.2,
}
"""x264's takes about the same time at any preset."""


def first_pass_share(video: VideoEncoding) -> float:
    """What the first pass takes beside the second one, about: measured."""
    return _X264_FIRST_PASS[video.preset] if video.codec == "h264" else FIRST_PASS_SHARE[video.codec]


def rate_options(video: VideoEncoding) -> tuple[str, ...]:
    """Look or bit rate; without what only one encoder knows."""
    if video.bit_rate is None:
        return ("-crf", str(video.crf), *_within(video))
    if video.codec == "av1":  # SVT-AV1 takes a highest rate only beside a factor
        return ("-b:v", str(video.bit_rate))
    peak, buffer = round(video.bit_rate * PEAK), video.bit_rate * BUFFER_S
    return ("-b:v", str(video.bit_rate), "-maxrate", str(peak), "-bufsize", str(buffer))


def _within(video: VideoEncoding) -> tuple[str, ...]:
    """The limit of a constant look; libvpx takes its average rate for that."""
    average = ("-b:v", str(video.peak_bit_rate or 0)) if video.codec == "vp9" else ()
    if video.peak_bit_rate is None:
        return average
    return (*average, "-maxrate", str(video.peak_bit_rate), "-bufsize", str(video.peak_bit_rate))


def pass_options(video: VideoEncoding, number: int) -> tuple[str, ...]:
    """Which pass it is, for encoders that ffmpeg tells; x265 has its own words."""
    if not video.two_pass or video.codec == "hevc":
        return ()
    return ("-pass", str(number), "-passlogfile", STATISTICS)


def x265_pass(video: VideoEncoding, number: int, output_number: int) -> str:
    """To be added to x265's parameters."""
    if not video.two_pass:
        return ""
    return f":pass={number}:stats={STATISTICS}-{output_number}.x265:slow-firstpass=0"

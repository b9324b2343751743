"""SVT-AV1: AV1."""

from __future__ import annotations

from collections.abc import Mapping

from reelwright.edits.outputs import VideoEncoding
from reelwright.media.encoders.rate_control import Coding, crf_or_rate

_PRESETS: Mapping[str, int] = {
    "ultrafast": 12,
    "superfast": 11,
    "veryfast": 10,
    "faster": 9,
    "fast": 8,
    "medium": 7,
    "slow": 5,
    "slower": 4,
}
"""Its own numbers, for x264's names."""


def options(coding: Coding) -> tuple[str, ...]:
    """Return SVT-AV1's own options."""
    video = coding.video
    # A highest rate is taken only beside a factor: with a bit rate the encoder refuses it.
    rate = crf_or_rate(video) if video.bit_rate is None else ("-b:v", str(video.bit_rate))
    # `lp` is how many threads it may have; `scd` finds scene cuts, where it would set key frames of its own.
    parameters = f"lp={coding.threads}" if video.segment_s is None else f"lp={coding.threads}:scd=0"
    return ("-preset", str(_PRESETS[video.preset]), *rate, "-svtav1-params", parameters)


def first_pass_share(video: VideoEncoding) -> float:
    """There are no two passes by way of ffmpeg."""
    raise NotImplementedError(video.codec)

"""What it takes to code and to decode a video, beside each other: measured at the usual preset, the same everywhere
within a factor of two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from reelwright.edits.codecs import Codec
from reelwright.edits.outputs import Preset, VideoEncoding

CODING: Mapping[Codec, float] = {"h264": 1.0, "hevc": 3.5, "av1": 0.9, "vp9": 5.0}
"""A pixel at the usual preset, beside H.264."""
PRESETS: Mapping[Preset, float] = dict(
    zip(get_args(Preset), (0.35, 0.6, 1.0, 1.3, 1.7, 2.1, 3.0, 5.0), strict=True),
)
"""Beside the usual one."""
DECODING: Mapping[Codec, float] = {"h264": 0.18, "hevc": 0.3, "av1": 0.18, "vp9": 0.2}
"""A pixel that we have coded, beside coding one as H.264."""
SOURCE = 0.15
"""The same for a pixel of a source, of whichever codec."""
SECOND_PASS = 1.4
"""Both passes of a codec, beside one."""


def coding(video: VideoEncoding) -> float:
    """Return what a pixel takes, beside one of H.264 at the usual preset."""
    return CODING[video.codec] * PRESETS[video.preset] * (SECOND_PASS if video.two_pass else 1.0)

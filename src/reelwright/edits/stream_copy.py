"""Which renditions a source is already, so that its pictures can be copied instead of being coded again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from reelwright.edits.media_info import MediaInfo
from reelwright.edits.outputs import FileOutput

COPIED = ("h264", "mp4")
"""Codec and container of renditions that may be copies."""
HELD_ALIKE = frozenset({"mov", "matroska"})
"""Containers that hold H.264 as MP4 does: with its parameters apart from its pictures."""
ROOM = 1.1
"""How much over a wanted bit rate the source's may be."""


def why_not_copyable(output: FileOutput, size: tuple[int, int], media: MediaInfo) -> str | None:
    """Why the output, wanted at that size, is not what the source's picture is; None where it is. What is not known
    does not conform.

    A copy is held to the source's frame count, or to its longest gap between frames: one of them has to be known.
    """
    picture, wanted = media.main_video, output.pictures
    upright = picture.rotation == 0 and picture.sample_aspect_ratio == "1/1"
    told = picture.frame_count is not None or (picture.duration_s is not None and picture.longest_frame_s is not None)
    bit_rate = picture.bit_rate or media.bit_rate
    reasons = {
        f"only {' in '.join(COPIED)} is": (wanted.codec, output.container) == COPIED,
        f"the video is {picture.codec}": picture.codec == wanted.codec,
        "the video is not in mp4, mov or mkv": media.container.split(",")[0] in HELD_ALIKE,
        "the video is not 8-bit 4:2:0": (picture.pixel_format, picture.bit_depth) == ("yuv420p", 8),
        "the video is HDR": picture.color_primaries != "bt2020" and not picture.is_hdr,
        "the video is interlaced": picture.field_order == "progressive",
        "the video is turned or has no square pixels": upright,
        "the times of its frames are not known": told,
        f"{output.quality} is {size[0]}x{size[1]}, the video {picture.width}x{picture.height}": (
            (picture.width, picture.height) == size
        ),
        "the video's bit rate is higher, or not known": wanted.bit_rate is None
        or (bit_rate is not None and bit_rate <= ROOM * wanted.bit_rate),
    }
    return next((reason for reason, conforms in reasons.items() if not conforms), None)


def why_none(hindrances: Sequence[str], outputs: int) -> list[str]:
    """What a client is told who wanted copies and gets none; `hindrances`: of each output that was to be one."""
    if not hindrances or len(hindrances) < outputs:
        return []
    return [f"no rendition could be copied: {'; '.join(dict.fromkeys(hindrances))}"]

"""Which renditions a source is already, so that its pictures can be copied instead of being coded again. Pure."""

from __future__ import annotations

from reelwright.edits.model import FileOutput
from reelwright.edits.source import MediaInfo

HELD_ALIKE = frozenset({"mov", "matroska"})
"""Containers that hold H.264 as MP4 does: with its parameters apart from its pictures."""
ROOM = 1.1
"""How much over a wanted bit rate the source's may be: as much as an encoder's."""


def conforms(output: FileOutput, size: tuple[int, int], media: MediaInfo) -> bool:
    """Whether the output, wanted at that size, is what the source's picture is. What is not known does not conform."""
    picture, wanted = media.picture, output.video
    return (
        (wanted.codec, output.container) == ("h264", "mp4")
        and media.container.split(",")[0] in HELD_ALIKE
        and (picture.codec, picture.pixel_format, picture.bit_depth) == ("h264", "yuv420p", 8)
        and (picture.width, picture.height, picture.rotation, picture.sample_aspect_ratio) == (*size, 0, "1/1")
        and picture.field_order == "progressive"
        and picture.color_primaries != "bt2020"
        and not picture.is_hdr
        and picture.frame_count is not None
        and (wanted.bit_rate is None or (picture.bit_rate or float("inf")) <= ROOM * wanted.bit_rate)
    )

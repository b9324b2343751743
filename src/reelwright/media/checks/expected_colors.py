"""How the colours of an output must be named, and in which form its frames must be, by its plan. Pure."""

from __future__ import annotations

from reelwright.edits.plan import ExpectedOutput
from reelwright.media.checks.timeline import Timeline
from reelwright.media.encoders import frame_format
from reelwright.media.recipes.video_filters import named_colors

Names = tuple[str | None, str | None, str | None]
"""Primaries, transfer, matrix; None: whatever is said."""


def colors(timeline: Timeline, expected: ExpectedOutput) -> Names:
    """Return what they must be called, where they are called anything."""
    video = timeline.media.main_video
    own = video.color_primaries, video.color_transfer, video.color_space
    if expected.copied:
        return own
    keeps_hdr = timeline.overlay is None and frame_format.keeps_hdr(timeline.media, expected.output.video.codec)
    if keeps_hdr:
        return own
    if video.is_hdr or video.color_primaries == "bt2020" or video.color_space == "gbr":
        return "bt709", "bt709", "bt709"
    for filter_ in named_colors(video):
        said = {name: str(value) for name, value in filter_.options}
        return said["color_primaries"], said["color_trc"], said["colorspace"]
    return own


def pixel_format(timeline: Timeline, expected: ExpectedOutput) -> str | None:
    """Return that of the frames; None where they are not coded anew."""
    if expected.copied:
        return None
    return frame_format.pixel_format(timeline.media, expected.output.video.codec)

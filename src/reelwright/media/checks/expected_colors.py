"""How the colours of an output must be named, and in which form its frames must be, by its plan. Pure."""

from __future__ import annotations

from reelwright.edits import color_standard
from reelwright.edits.plan import ExpectedOutput
from reelwright.media.checks.expected_timeline import Timeline
from reelwright.media.encoders import kept_hdr_and_fields

Names = tuple[str | None, str | None, str | None]
"""Primaries, transfer, matrix; None: whatever is said."""


def colors(timeline: Timeline, expected: ExpectedOutput) -> Names:
    """Return what they must be called, where they are called anything."""
    video = timeline.media.main_video
    if expected.copied:
        return video.color_primaries, video.color_transfer, video.color_space
    stays = all(overlay.stays_hdr is True for overlay in timeline.overlays)
    hdr = stays and kept_hdr_and_fields.keeps_hdr(timeline.media, expected.output.pictures.codec)
    named = color_standard.conformed(video, hdr=hdr)
    return named["color_primaries"], named["color_transfer"], named["color_space"]


def pixel_format(timeline: Timeline, expected: ExpectedOutput) -> str | None:
    """Return that of the frames; None where they are not coded anew."""
    if expected.copied:
        return None
    return kept_hdr_and_fields.pixel_format(timeline.media, expected.output.pictures.codec)

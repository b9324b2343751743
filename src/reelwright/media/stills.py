"""Pictures that are taken out of a video: filters of a branch of the decoded picture, and the options that write it."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.companions import PlannedCompanion
from reelwright.media.graph import Filter, every, filter_, from_time

CANDIDATES = 24
"""Frames, evenly spread, of which the most typical one is taken where no time is given."""
JPEG_QUALITY = 3
"""ffmpeg's scale: 2 is best, 31 worst."""


def branch(still: PlannedCompanion, length: Fraction) -> list[Filter]:
    """From the upright SDR picture to what is coded. JPEG means BT.601 in full range (ITU-T T.871)."""
    size = filter_("scale", w=still.width, h=still.height, flags="bicubic", out_color_matrix="bt601", out_range="full")
    shaped = [size, filter_("setsar", sar=1), filter_("format", pix_fmts="yuv420p")]
    if still.at_s:
        return [filter_("select", expr=from_time(Fraction(still.at_s[0]))), *shaped]
    return [filter_("select", expr=every(length / CANDIDATES)), *shaped, filter_("thumbnail", n=CANDIDATES)]


def options(still: PlannedCompanion) -> tuple[str, ...]:
    """The output of a branch: one picture."""
    (file,) = still.files
    return (
        *("-frames:v", "1", "-c:v", "mjpeg", "-q:v", str(JPEG_QUALITY), "-fps_mode", "passthrough"),
        *("-update", "1", "-f", "image2", f"<{file.name}>"),
    )

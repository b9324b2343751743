"""Is a made file what the plan promised? Exit code 0 alone does not say so."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.plan import ExpectedOutput
from reelwright.edits.source import MediaInfo


def complaints(expected: ExpectedOutput, made: MediaInfo) -> list[str]:
    """What is wrong with the file, in sentences; nothing when it keeps the promise."""
    found: list[str] = []
    picture = made.picture
    if (picture.codec, picture.width, picture.height) != (expected.output.video.codec, expected.width, expected.height):
        found.append(
            f"picture is {picture.codec} {picture.width}x{picture.height}, "
            f"expected {expected.output.video.codec} {expected.width}x{expected.height}"
        )
    if expected.frame_count is not None and picture.frame_count != expected.frame_count:
        found.append(f"{picture.frame_count} frames, expected {expected.frame_count}")
    if picture.frame_count == 0:
        found.append("no frame of the video lies in the interval")
    if len(made.audio) != expected.audio_tracks:
        found.append(f"{len(made.audio)} audio tracks, expected {expected.audio_tracks}")
    off = abs(Fraction(repr(made.duration_s or 0.0)) - Fraction(expected.duration_s))
    if off > Fraction(expected.duration_tolerance_s):
        found.append(f"lasts {made.duration_s} s, expected {float(Fraction(expected.duration_s)):.3f} s")
    return found

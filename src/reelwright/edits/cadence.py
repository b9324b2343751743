"""The even cadence that pictures get whose own one is uneven, slow or unknown. Pure."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits import held_frames
from reelwright.edits.media_info import MediaInfo

USUAL_RATES = tuple(map(Fraction, ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")))
LEAST_REGULAR = Fraction(25)
"""Frames a second of a video whose own ones stand for long, at least: what is laid over it moves."""


def even_rate(media: MediaInfo) -> Fraction | None:
    """At which rate frames have to be made, of a video whose own ones stand for long or come at unknown times."""
    video = media.main_video
    if not held_frames.may_hold(media) and video.frame_rate:
        return None
    return usual_rate(Fraction(video.frame_rate or 0))


def usual_rate(rate: Fraction) -> Fraction:
    """The least of the usual rates that is not below a rate, the highest where none is."""
    wanted = max(rate, LEAST_REGULAR) * Fraction(999, 1000)
    return next((usual for usual in USUAL_RATES if usual >= wanted), USUAL_RATES[-1])

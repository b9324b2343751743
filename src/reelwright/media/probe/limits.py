"""A file held to what is taken: how many streams, pixels and frames a second it may have, and how long it may last."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from reelwright.edits.media_info import MediaInfo
from reelwright.errors import UnreadableMedia
from reelwright.media.probe import main_video
from reelwright.media.probe.frame_rate import FrameTimes
from reelwright.media.probe.rules import ProbeRules

MAX_STREAMS = 256
"""With attachments, subtitles, data and covers, which are only listed."""
ROUNDED = 1.01
"""A measurement of frame rates over rounded timestamps is a little off."""


def hold_streams(container: Any, rules: ProbeRules) -> None:
    """Raises UnreadableMedia, as all here do."""
    played = sum(1 for stream in container.streams if stream.type == "audio" or main_video.is_moving(stream))
    _hold_number(played, rules.max_streams, "tracks of picture and sound")
    _hold_number(len(container.streams), MAX_STREAMS, "streams")


def hold_tracks_of_sound(number: int, rules: ProbeRules) -> None:
    """Of a file of sound alone."""
    _hold_number(number, rules.max_streams, "tracks of sound")


def hold_size(main: Any, rules: ProbeRules) -> None:
    if main.width * main.height > rules.max_pixels:
        raise UnreadableMedia(
            f"The picture has {main.width} x {main.height} pixels, {rules.max_pixels} in all are taken.",
            code="too_many_pixels",
        )


def hold_times(info: MediaInfo, frames: FrameTimes, rules: ProbeRules) -> None:
    longest_s = max(info.duration_s or 0, info.main_video.duration_s or 0, frames.sample.span_s if frames.sample else 0)
    _hold_length("video", longest_s, rules)
    measured = frames.sample.rate if frames.sample else None
    rates = [float(measured or 0), float(Fraction(info.main_video.frame_rate or 0))]
    if max(rates) > rules.max_frame_rate * ROUNDED:
        raise UnreadableMedia(
            f"The video has {max(rates):.0f} frames a second, {rules.max_frame_rate:g} are taken.",
            code="frame_rate_too_high",
        )


def hold_length_of_sound(media: MediaInfo, rules: ProbeRules) -> None:
    """Of a file of sound alone."""
    _hold_length("sound", media.duration_s or 0, rules)


def _hold_number(number: int, most: int, what: str) -> None:
    if number > most:
        raise UnreadableMedia(f"The file has {number} {what}, {most} are taken.", code="too_many_streams")


def _hold_length(what: str, duration_s: float | Fraction, rules: ProbeRules) -> None:
    if duration_s > rules.max_duration_s:
        raise UnreadableMedia(
            f"The {what} lasts {math.ceil(duration_s)} s, {rules.max_duration_s:g} s are taken.", code="too_long"
        )

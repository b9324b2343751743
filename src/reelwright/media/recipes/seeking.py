"""Seeking: how long before an interval of a source reading begins, where it can be sought at all, and how long after it
reading ends."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from reelwright.edits.held_frames import video_begin
from reelwright.edits.media_info import MediaInfo
from reelwright.media.ffmpeg.filtergraph import seconds

SEEKABLE = frozenset({"mov", "matroska", "webm", "avi"})
"""Containers with an index of key frames: a seek into any other may land behind the key frame that is needed."""

RUN_UP_S, RUN_UP_FRAMES, RUN_OUT_S = Fraction(1, 4), 8, Fraction(1)
"""How long before an interval reading begins, at least, and how long after it ends."""


def reading_options(
    media: MediaInfo,
    start: Fraction,
    end: Fraction,
    *,
    looking_back: bool = False,
    keeping_clocks: bool = True,
) -> tuple[str, ...]:
    """Seek to a little before the start (frames are reordered, decoders need a run-up) and stop reading soon after the
    end. `looking_back`: what is on display at the start may have begun long before it; `keeping_clocks`: `-copyts` may
    be said, which is said for all inputs of a command or for none."""
    seek = Fraction(0)
    if media.clock_jumps or not keeping_clocks:
        # `-copyts` would leave the jumps open; the offset is what ffmpeg takes off without it, but for whole seconds:
        # 10 s and more it takes for a jump itself
        zero = media.start - clock_behind(media, keeping_clocks=keeping_clocks)
        return ("-itsoffset", seconds(zero), "-t", seconds(zero + end + RUN_OUT_S))
    if is_seekable(media):
        frame_s = 1 / Fraction(media.main_video.frame_rate) if media.main_video.frame_rate else Fraction(1, 25)
        seek = max(start - max(RUN_UP_S, RUN_UP_FRAMES * frame_s), Fraction(0))
    if seek <= video_begin(media):
        # No key frame lies before: a demuxer that seeks for the first one takes the audio to there too.
        return ("-copyts", "-t", seconds(end + RUN_OUT_S))
    if looking_back:  # every frame from the key frame on passes, whose time is not known; the filters end it
        return ("-copyts", "-noaccurate_seek", "-ss", seconds(seek))
    return ("-copyts", "-ss", seconds(seek), "-t", seconds(end - seek + RUN_OUT_S))


def clock_behind(media: MediaInfo, *, keeping_clocks: bool) -> Fraction:
    """By how much the clock in which frames are stamped is behind the file's: whole seconds, so that ticks stay."""
    return Fraction(floor(media.start)) if media.clock_jumps or not keeping_clocks else Fraction(0)


def is_seekable(media: MediaInfo) -> bool:
    """Whether a seek lands before the wanted frame. ffmpeg seeks by the track that it takes for the main one: beside
    another picture, that may be the wrong one, but for containers in which each track has an index of its own."""
    family = media.container.split(",")[0]
    if family == "avi" and not _counts_frames(media):
        return False
    return family in SEEKABLE and (family == "mov" or len(media.video) == 1)


def _counts_frames(media: MediaInfo) -> bool:
    """Whether each tick is a frame. AVI has no other times than numbers of ticks; where those are shorter than frames,
    ffmpeg is off by some after a seek."""
    rate = media.main_video.frame_rate
    return rate is not None and Fraction(media.main_video.time_base) * Fraction(rate) == 1

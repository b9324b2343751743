"""Key frames of streams: one is the first frame of each segment, so that players may change renditions there."""

from __future__ import annotations

from reelwright.edits.outputs import VideoEncoding

NEVER = "1000000"
"""Frames between key frames that no video has."""


def segment_key_frames(video: VideoEncoding) -> tuple[str, ...]:
    """Return how a key frame is had at the start of each segment. That there are no others, encoders are told in words
    of their own.

    By time, not by a count of frames: renditions of any frame rate are cut alike. A frame is forced when it is in
    another cell of `segment_s` seconds than the frame that was forced last; what is shown for longer than a segment
    takes the borders in it with it. Half a millisecond is added because times are not exact in binary: a frame at 4 s
    may be told as 3.9999999.
    """
    if video.segment_s is None:
        return ()
    cell = f"floor(({{}}+0.0005)/{video.segment_s})"
    first = f"expr:isnan(prev_forced_t)+gt({cell.format('t')},{cell.format('prev_forced_t')})"
    return ("-force_key_frames", first, "-g", NEVER)

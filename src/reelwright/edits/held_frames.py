"""What is on display when an interval begins. Pure.

Of footage, whose frames are short, an interval has the frames that begin in it. A picture that stands for longer
(slides, a screen recording, a pause) is what a viewer sees until the next one comes: where an interval begins within
it, it is shown from the interval's start on. So is any picture when none begins in the interval.
"""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.media_info import MediaInfo

HELD_S = Fraction(1, 2)
"""A frame that is shown for longer is a picture that stands."""
ROUNDED_S = Fraction(2, 1000)
"""Times that were rounded to milliseconds are off by less."""


def is_held(frame_s: Fraction) -> bool:
    """Whether a frame that is shown for so long is a picture that stands."""
    return frame_s > HELD_S + ROUNDED_S


def may_hold(media: MediaInfo) -> bool:
    """Whether there may be pictures that stand in a video."""
    longest_s = media.main_video.longest_frame_s
    return longest_s is None or is_held(Fraction(repr(longest_s)))


def may_begin_within(media: MediaInfo, start: Fraction, end: Fraction) -> bool:
    """Whether the interval may begin within a picture that is to be shown from its start on: when the times of single
    frames are not known, that is found out when the video is read."""
    picture = media.main_video
    if may_hold(media) or picture.duration_s is None or picture.longest_frame_s is None:
        return True
    longest = Fraction(repr(picture.longest_frame_s))
    last_begins = video_end(media) - longest
    return min(end, last_begins) - start <= longest


def video_begin(media: MediaInfo) -> Fraction:
    """On the clients' time line."""
    return Fraction(media.main_video.start_s) - media.start


def video_end(media: MediaInfo) -> Fraction:
    """On the clients' time line, as far as that is known; else the end of all."""
    if media.main_video.duration_s is None:
        return Fraction(repr(media.duration_s or 0.0))
    return video_begin(media) + Fraction(repr(media.main_video.duration_s))

"""When coded frames are shown: each at its source's time, none repeated or left out, the last one until the end."""

from __future__ import annotations

from fractions import Fraction

from reelwright.edits.frame_grid import frame_grid
from reelwright.edits.held_frames import is_held
from reelwright.edits.media_info import MediaInfo
from reelwright.media.ffmpeg.capabilities import Capabilities
from reelwright.media.ffmpeg.filtergraph import seconds

DENSE_RATE = 10
"""Frames a second, of a video that could not be read through: with more it is footage, as far as was seen."""


def times(media: MediaInfo, *, begins_late: bool = False) -> tuple[str, ...]:
    """Return that frames are coded when they are shown, none repeated or left out (`vfr`). `begins_late`: the first one
    comes some time after the start, from where on frames lie on no grid.

    ffmpeg's own clock for encoders ticks once a frame, which rounds the times of frames that are not evenly spaced:
    they get the clock of broadcasts, in which the usual rates are exact.
    """
    return (
        "-fps_mode",
        "vfr",
        *(() if _counted_in_frames(media) and not begins_late else ("-enc_time_base", "1:90000")),
    )


def _counted_in_frames(media: MediaInfo) -> bool:
    """Whether every frame is shown at a whole number of frame durations. Frames that are held may be cut anywhere."""
    grid = frame_grid(media)
    return grid is not None and (grid.first_s / grid.frame_s).denominator == 1 and not is_held(grid.frame_s)


def lasting_until(length: Fraction, media: MediaInfo, capabilities: Capabilities) -> tuple[str, ...]:
    """Return that the frame on display at the end lasts to there. How long it does is known of the source at best,
    which goes on behind an interval.

    `setts` writes the duration of each packet as far as the end: of all but the last one muxers go by the next one's
    time. Frames are decoded in the order in which they are shown (`-bf 0`): MP4 counts the length of its track by that.
    """
    dense = media.main_video.variable_frame_rate is None and Fraction(media.main_video.frame_rate or 0) > DENSE_RATE
    if dense or not capabilities.packet_reports:  # an ffmpeg older than 6.0
        return ()
    return ("-bf", "0", "-bsf:v", f"setts=pts=PTS:dts=DTS:duration=max({seconds(length)}/TB-PTS\\,1)")

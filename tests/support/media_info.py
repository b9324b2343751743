"""MediaInfo values for tests that need no file."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypedDict

from reelwright.edits.media_info import AudioStream, MediaInfo, VideoStream


class PictureSize(TypedDict):
    width: int
    height: int
    display_width: int
    display_height: int


def media(*, seconds: float = 10.0, rate: str = "25/1", tracks: int = 1, start: str = "0", **picture: Any) -> MediaInfo:
    """A constant-rate H.264 MP4 with an exact index, unless told otherwise."""
    frame = 1 / Fraction(rate)
    video: dict[str, Any] = {
        "index": 0,
        "codec": "h264",
        "width": 1280,
        "height": 720,
        "display_width": 1280,
        "display_height": 720,
        "time_base": f"1/{frame.denominator * 512}",
        "start_s": start,
        "duration_s": float(seconds),
        "frame_rate": rate,
        "variable_frame_rate": False,
        "frame_count": int(seconds / frame),
        "longest_frame_s": float(frame),
        "pixel_format": "yuv420p",
        "bit_depth": 8,
    }
    audio = [
        AudioStream(
            index=1 + number,
            codec="aac",
            profile="LC",
            sample_rate=48000,
            channels=2,
            layout="stereo",
            language="eng",
            time_base="1/48000",
            start_s=start,
            duration_s=float(seconds),
        )
        for number in range(tracks)
    ]
    return MediaInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        size_bytes=1000,
        start_s=start,
        duration_s=float(seconds),
        video=[VideoStream(**(video | picture))],
        audio=audio,
    )

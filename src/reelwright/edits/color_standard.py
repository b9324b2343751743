"""By which standard colours are coded, where a file says it and where players guess it. Pure."""

from __future__ import annotations

from typing import Any

from reelwright.edits.media_info import VideoStream


def guessed(video: VideoStream) -> str:
    """As players take it of a video that says nothing: HD is BT.709; SD is BT.601 of its lines."""
    if max(video.width, video.height) >= 1280 or min(video.width, video.height) > 576:
        return "bt709"
    return "bt470bg" if min(video.width, video.height) == 576 else "smpte170m"


def names(standard: str) -> dict[str, str]:
    """What primaries, transfer and matrix are called in a stream of that standard."""
    transfer = "bt709" if standard == "bt709" else "smpte170m"
    return {"color_primaries": standard, "color_transfer": transfer, "color_space": standard}


def conformed(video: VideoStream, *, hdr: bool) -> dict[str, Any]:
    """How the colours of a video are coded once it is conformed: as SDR unless it stays `hdr`."""
    if video.color_space == "gbr" or (not hdr and (video.is_hdr or video.color_primaries == "bt2020")):
        return {**names("bt709")}
    if video.color_space is None and not video.is_hdr:
        return {**names(guessed(video))}
    return {
        "color_primaries": video.color_primaries,
        "color_transfer": video.color_transfer,
        "color_space": video.color_space,
    }

"""Dolby Vision: which of it is refused, as what is made of it would have wrong colours. Of any other the base layer is
used, which is HDR10, HLG or SDR. Pure."""

from __future__ import annotations

from reelwright.edits.media_info import VideoStream

ENHANCED_ONLY = (4, 7)
"""Dolby Vision profiles whose base layer is a usual picture although they state no compatibility."""


def undisplayable_colors(picture: VideoStream) -> str | None:
    """Why the colours of a video would come out wrong, whatever is made of it."""
    profile = picture.dolby_vision_profile
    if profile is None or profile in ENHANCED_ONLY or picture.dolby_vision_compatibility != 0:
        return None
    return (
        f"is Dolby Vision of profile {profile}, whose colours only a Dolby decoder can show (they would come out green"
        " and purple): export it as HDR10, HLG, SDR or Dolby Vision of profile 8"
    )

"""Examined: what the prober's child replies of a file."""

from __future__ import annotations

import msgspec

from reelwright.edits.media_info import MediaInfo


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    media: MediaInfo
    doubtful: bool
    """Whether the ffmpeg that renders may see the first frame otherwise: at another time, or of another size."""
